/** Who calls. The name is for the log. */
export interface Principal {
  readonly name: string;
}

/** A user and the password that proves it; neither is empty. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Returns who an Authorization header proves the caller to be, or undefined where it proves nothing. */
export type Authenticate = (authorization: string | undefined) => Principal | undefined;
