/** TCP ports. The container listens on port `api` of the host. */
export const ports = { ssh: 22, http: 80, https: 443, api: 8000 } as const;
