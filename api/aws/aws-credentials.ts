import type { AwsCredentialIdentity } from '@smithy/types';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock } from '../clock.ts';
import { CredentialsFailure } from './credentials-failure.ts';

/** Credentials in the form in which the SDK uses them to sign requests. */
export type Identity = AwsCredentialIdentity;

/** One run of the credential chain. */
export interface Reading {
  /** The credentials; rejects with a CredentialsFailure. */
  readonly identity: Promise<Identity>;
  /** The current source of the credentials, as a noun phrase. */
  readonly source: string;
  /** A configured source earlier in the chain that failed, with the reason. */
  readonly failedSource?: string | undefined;
}

export interface CredentialsOptions {
  /** The timeout for one reading. After a fifth of this time, a warning is logged. */
  readonly timeoutMs: number;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  readonly clock: Clock;
}

interface Running {
  readonly reading: Reading;
  readonly since: number;
  /** The credentials, or an error after the timeout. */
  readonly result: Promise<Identity>;
}

/** Credentials are renewed this long before they expire, as in the SDK. */
const renewBeforeMs = 300_000;
/** The minimum interval between readings after AWS rejects credentials or a reading fails. */
const minIntervalMs = 1000;
/** How long a reading that timed out prevents another reading, because it usually continues to run. */
const overdueMs = 60_000;

/**
 * The AWS credentials of the service. Unlike the SDK, this class reloads credentials without an expiry after AWS
 * rejects them (aws/aws-sdk-js-v3#3396). Callers do not wait for a renewal while the current credentials are valid.
 */
export class AwsCredentials {
  readonly #begin: () => Reading;
  readonly #options: CredentialsOptions;
  readonly #clock: Clock;
  #current: Identity | undefined;
  #running: Running | undefined;
  #failure: Error | undefined;
  #source: string | undefined;
  #version = 0;
  #readAt = -Infinity;

  /** `begin` starts a reading. */
  constructor(begin: () => Reading, options: CredentialsOptions) {
    this.#begin = begin;
    this.#options = options;
    this.#clock = options.clock;
  }

  /** A number that increases whenever the credentials change. */
  get version(): number {
    return this.#version;
  }

  /** The function with which the SDK clients get the credentials for each request. */
  get provider(): () => Promise<Identity> {
    // Without `memoized`, the SDK would cache the first credentials.
    return Object.assign(() => this.#get(), { memoized: true });
  }

  /** The error for a caller whose deadline expires during a reading. Undefined if no reading is in progress. */
  get overdue(): CredentialsFailure | undefined {
    const running = this.#running;
    return running && timeoutFailure(running.reading.source, this.#clock.now() - running.since);
  }

  /** Returns true if the credentials differ from those of this version. Reloads them first if necessary. */
  async haveChangedSince(version: number): Promise<boolean> {
    if (this.#version === version && this.#mayReadAgain) await this.#read().catch(() => undefined);
    return this.#version !== version;
  }

  async #get(): Promise<Identity> {
    const current = this.#current;
    const leftMs = (current?.expiration?.getTime() ?? Infinity) - this.#clock.epochMs();
    if (current === undefined || leftMs <= 0) {
      if (this.#failure !== undefined && !this.#mayReadAgain) throw this.#failure;
      return this.#read();
    }
    if (leftMs <= renewBeforeMs && this.#running === undefined && this.#mayReadAgain)
      this.#read().catch((err: unknown) => {
        const fields = { err, expiration: current.expiration };
        this.#options.logger.warn(fields, 'the AWS credentials expire soon and cannot be renewed');
      });
    return current;
  }

  get #mayReadAgain(): boolean {
    return this.#clock.now() - this.#readAt >= minIntervalMs;
  }

  #read(): Promise<Identity> {
    const limitMs = this.#options.timeoutMs + overdueMs;
    if (this.#running === undefined || this.#clock.now() - this.#running.since >= limitMs)
      this.#running = this.#run();
    return this.#running.result;
  }

  #run(): Running {
    const since = this.#clock.now();
    const reading = this.#begin();
    const updated = reading.identity.then((identity) => {
      this.#update(identity, reading);
      return identity;
    });
    const running = { reading, since, result: this.#withTimeout(reading, updated) };
    const ended = (failure?: Error): void => {
      this.#failure = failure;
      this.#readAt = this.#clock.now();
      if (this.#running === running) this.#running = undefined;
    };
    updated.then(() => {
      ended();
    }, ended);
    return running;
  }

  #update(identity: Identity, { source, failedSource }: Reading): void {
    if (!isSame(identity, this.#current)) this.#version += 1;
    this.#current = identity;
    if (this.#source === source) return;
    this.#source = source;
    const { logger } = this.#options;
    if (failedSource === undefined) logger.info({}, `AWS credentials come from ${source}`);
    else logger.warn({}, `AWS credentials come from ${source}, because ${failedSource}`);
  }

  #withTimeout(reading: Reading, updated: Promise<Identity>): Promise<Identity> {
    const { timeoutMs, logger } = this.#options;
    return new Promise((resolve, reject) => {
      const slowMs = timeoutMs / 5;
      const cancelWarning = this.#clock.after(slowMs, () => {
        logger.warn(
          {},
          `waiting for AWS credentials from ${reading.source} for ${slowMs / 1000} s; the timeout is ${timeoutMs / 1000} s`,
        );
      });
      const cancelTimeout = this.#clock.after(timeoutMs, () => {
        reject(timeoutFailure(reading.source, timeoutMs));
      });
      updated.then(resolve, reject).finally(() => {
        cancelWarning();
        cancelTimeout();
      });
    });
  }
}

function timeoutFailure(source: string, ms: number): CredentialsFailure {
  const problem = `${source} did not respond within ${Math.round(ms / 100) / 10} s`;
  return new CredentialsFailure(problem, problem);
}

function isSame(one: Identity, other: Identity | undefined): boolean {
  return (
    one.accessKeyId === other?.accessKeyId &&
    one.secretAccessKey === other.secretAccessKey &&
    one.sessionToken === other.sessionToken
  );
}
