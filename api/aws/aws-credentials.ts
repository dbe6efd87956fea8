import type { AwsCredentialIdentity } from '@smithy/types';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock } from '../time.ts';
import { CredentialsFailure } from './credentials-failure.ts';

/** Credentials as the SDK signs with them. */
export type Identity = AwsCredentialIdentity;

/** One reading of the credentials, which has begun. */
export interface Reading {
  /** The credentials; rejects with a CredentialsFailure. */
  readonly identity: Promise<Identity>;
  /** The source that is read now, as a noun phrase. */
  readonly source: string;
  /** What is wrong with a source that is set and comes before that one. */
  readonly passedOver?: string | undefined;
}

export interface CredentialsOptions {
  /** Milliseconds until a reading is given up; after a fifth of it, a warning is logged. */
  readonly timeoutMs: number;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  readonly clock: Clock;
}

interface Running {
  readonly reading: Reading;
  readonly since: number;
  /** What the reading brings, or the failure to bring it in time. */
  readonly result: Promise<Identity>;
}

/** Credentials are renewed this long before they expire, in milliseconds, as the SDK does. */
const renewBeforeMs = 300_000;
/** At most one reading after a refusal or a failure in this time, in milliseconds. */
const readAgainMs = 1000;
/** The least time between two readings, in milliseconds: a reading that was given up usually goes on. */
const besideGivenUpMs = 60_000;

/**
 * The credentials of the service. The SDK reads those without an expiry once (aws/aws-sdk-js-v3#3396); these are read
 * again after AWS has refused them. No caller waits for a renewal while the earlier credentials are valid.
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

  /** `begin` starts to read them again. */
  constructor(begin: () => Reading, options: CredentialsOptions) {
    this.#begin = begin;
    this.#options = options;
    this.#clock = options.clock;
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

  /** The failure of a caller whose time is up while the credentials are still being read; undefined where they are not. */
  get overdue(): CredentialsFailure | undefined {
    const running = this.#running;
    return running && notYet(running.reading.source, this.#clock.now() - running.since);
  }

  /** Returns whether the credentials are others than those of the version, after reading them again if need be. */
  async haveChangedSince(version: number): Promise<boolean> {
    if (this.#version === version && this.#isRested) await this.#read().catch(() => undefined);
    return this.#version !== version;
  }

  async #get(): Promise<Identity> {
    const current = this.#current;
    const leftMs = (current?.expiration?.getTime() ?? Infinity) - this.#clock.epochMs();
    if (current === undefined || leftMs <= 0) {
      if (this.#failure !== undefined && !this.#isRested) throw this.#failure;
      return this.#read();
    }
    if (leftMs <= renewBeforeMs && this.#running === undefined && this.#isRested)
      this.#read().catch((err: unknown) => {
        const fields = { err, expiration: current.expiration };
        this.#options.logger.warn(fields, 'the AWS credentials, which expire soon, cannot be renewed');
      });
    return current;
  }

  get #isRested(): boolean {
    return this.#clock.now() - this.#readAt >= readAgainMs;
  }

  #read(): Promise<Identity> {
    const mostMs = this.#options.timeoutMs + besideGivenUpMs;
    if (this.#running === undefined || this.#clock.now() - this.#running.since >= mostMs)
      this.#running = this.#run();
    return this.#running.result;
  }

  #run(): Running {
    const since = this.#clock.now();
    const reading = this.#begin();
    const taken = reading.identity.then((identity) => {
      this.#take(identity, reading);
      return identity;
    });
    const running = { reading, since, result: this.#inTime(reading, taken) };
    const ended = (failure?: Error): void => {
      this.#failure = failure;
      this.#readAt = this.#clock.now();
      if (this.#running === running) this.#running = undefined;
    };
    taken.then(() => {
      ended();
    }, ended);
    return running;
  }

  #take(identity: Identity, { source, passedOver }: Reading): void {
    if (!isSame(identity, this.#current)) this.#version += 1;
    this.#current = identity;
    if (this.#source === source) return;
    this.#source = source;
    const { logger } = this.#options;
    if (passedOver === undefined) logger.info({}, `AWS credentials come from ${source}`);
    else logger.warn({}, `AWS credentials come from ${source}, since ${passedOver}`);
  }

  #inTime(reading: Reading, taken: Promise<Identity>): Promise<Identity> {
    const { timeoutMs, logger } = this.#options;
    return new Promise((resolve, reject) => {
      const slowMs = timeoutMs / 5;
      const cancelWarning = this.#clock.after(slowMs, () => {
        logger.warn(
          {},
          `waiting for AWS credentials from ${reading.source}, for ${slowMs / 1000} s so far and ${timeoutMs / 1000} s at most`,
        );
      });
      const cancelTimeout = this.#clock.after(timeoutMs, () => {
        reject(notYet(reading.source, timeoutMs));
      });
      taken.then(resolve, reject).finally(() => {
        cancelWarning();
        cancelTimeout();
      });
    });
  }
}

function notYet(source: string, ms: number): CredentialsFailure {
  const problem = `${source} did not answer within ${Math.round(ms / 100) / 10} s`;
  return new CredentialsFailure(problem, problem);
}

function isSame(one: Identity, other: Identity | undefined): boolean {
  return (
    one.accessKeyId === other?.accessKeyId &&
    one.secretAccessKey === other.secretAccessKey &&
    one.sessionToken === other.sessionToken
  );
}
