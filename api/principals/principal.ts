export interface Principal {
  readonly name: string;
}

/** A non-empty user and its non-empty password. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Returns the caller that an Authorization header identifies, or undefined if its credentials are missing or wrong. */
export type Authenticate = (authorization: string | undefined) => Principal | undefined;

export interface Authenticator {
  /** Accepts only headers that it has verified before. */
  readonly recall: Authenticate;
  readonly authenticate: Authenticate;
}
