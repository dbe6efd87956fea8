/** TCP ports. `api` is where the container listens on its host. */
export const ports = { ssh: 22, http: 80, https: 443, api: 8000 } as const;
