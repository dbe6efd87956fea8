import { defaultProvider } from '@aws-sdk/credential-provider-node';

/** Credentials as the SDK signs with them. */
type Identity = Awaited<ReturnType<ReturnType<typeof defaultProvider>>>;

/** Credentials are renewed this long before they expire, in milliseconds, as the SDK does. */
const renewBeforeMs = 300_000;
/** At most one reading after a refusal in this time, in milliseconds. */
const readAgainMs = 1000;

/**
 * The credentials of the SDK's own chain. The SDK reads those without an expiry once (aws/aws-sdk-js-v3#3396); these
 * are read again, past its cache of the shared files, after AWS has refused them.
 */
export class Credentials {
  readonly #read: () => Promise<Identity>;
  #current: Identity | undefined;
  #reading: Promise<Identity> | undefined;
  #version = 0;
  #readAt = -Infinity;

  /** `read` reads them anew, from the SDK's chain by default. */
  constructor(read: () => Promise<Identity> = () => defaultProvider({ ignoreCache: true, maxRetries: 1 })()) {
    this.#read = read;
  }

  /** Changes whenever the credentials do. */
  get version(): number {
    return this.#version;
  }

  /** Returns a function for the SDK's clients, which read the credentials through it for each request. */
  get provider(): () => Promise<Identity> {
    // The SDK would remember the first credentials if it did not take the function for one that does.
    return Object.assign(() => this.#get(), { memoized: true });
  }

  /** Returns whether the credentials are others than those of the version, after reading them again if need be. */
  async haveChangedSince(version: number): Promise<boolean> {
    if (this.#version === version && performance.now() - this.#readAt >= readAgainMs)
      await this.#readAgain().catch(() => undefined);
    return this.#version !== version;
  }

  async #get(): Promise<Identity> {
    const current = this.#current;
    const leftMs = (current?.expiration?.getTime() ?? Infinity) - Date.now();
    if (current !== undefined && leftMs > renewBeforeMs) return current;
    try {
      return await this.#readAgain();
    } catch (error) {
      if (current !== undefined && leftMs > 0) return current;
      throw error;
    }
  }

  #readAgain(): Promise<Identity> {
    this.#reading ??= this.#read()
      .then((identity) => {
        if (!isSame(identity, this.#current)) this.#version += 1;
        this.#current = identity;
        return identity;
      })
      .finally(() => {
        this.#reading = undefined;
        this.#readAt = performance.now();
      });
    return this.#reading;
  }
}

function isSame(one: Identity, other: Identity | undefined): boolean {
  return (
    one.accessKeyId === other?.accessKeyId &&
    one.secretAccessKey === other.secretAccessKey &&
    one.sessionToken === other.sessionToken
  );
}
