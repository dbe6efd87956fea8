/** A server to which requests with credentials are sent. */
export interface Target {
  readonly url: string;
  /** The `Authorization` header. */
  readonly authorization: string;
}

/** The server does not respond. The message is one sentence. */
export class Unreachable extends Error {}

/** Sends one request with credentials. Throws the errors of `fetch`. */
export function request(target: Target, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { Authorization: target.authorization, ...(init.headers as Record<string, string>) };
  return fetch(target.url + path, { ...init, headers });
}
