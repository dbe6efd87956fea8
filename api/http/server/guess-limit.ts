import type { IncomingMessage } from 'node:http';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../clock.ts';
import { DomainError } from '../../errors.ts';
import { type ClientAddress, clientNetwork } from '../logging/client-address.ts';

/** The maximum number of rejected credentials from one network per window. */
const maxRefusals = 10;
const windowMs = 60_000;
/** Above this number, the networks whose last request is the oldest are forgotten. */
const maxNetworks = 10_000;

interface Refusals {
  /** The times of the last rejections, at most `maxRefusals`. */
  readonly times: number[];
  /** The time of the last 429 response that was logged. */
  loggedAt: number;
}

/**
 * Limits the number of credentials that an address (for IPv6, a /64 network) can try. After ten rejections within a
 * minute, the client must wait until the first of them is one minute old. Does not limit requests on a Unix socket,
 * which have no address.
 */
export class GuessLimit {
  readonly #addressOf: ClientAddress;
  readonly #clock: Clock;
  readonly #refusals = new LRUCache<string, Refusals>({ max: maxNetworks });

  constructor(addressOf: ClientAddress, clock: Clock) {
    this.#addressOf = addressOf;
    this.#clock = clock;
  }

  /** The number of remembered networks. */
  get networks(): number {
    return this.#refusals.size;
  }

  /** Throws `too_many_attempts` if the client must wait. Call this before verifying credentials. */
  check(request: IncomingMessage): void {
    const refusals = this.#refusals.get(clientNetwork(this.#addressOf(request)));
    if (refusals === undefined || refusals.times.length < maxRefusals) return;
    const now = this.#clock.now();
    const waitMs = (refusals.times[0] ?? 0) + windowMs - now;
    if (waitMs <= 0) return;
    const isLogged = now - refusals.loggedAt >= windowMs;
    if (isLogged) refusals.loggedAt = now;
    const seconds = Math.ceil(waitMs / 1000);
    throw new DomainError('too_many_attempts', 'too many requests from this address had wrong credentials', {
      advice: `wait ${seconds} s, then send the user and the password of a token in API_TOKEN`,
      retryAfterSeconds: seconds,
      authFailure: 'too-many',
      unlogged: !isLogged,
    });
  }

  /** Counts rejected credentials. */
  refused(request: IncomingMessage): void {
    const network = clientNetwork(this.#addressOf(request));
    if (network === '') return;
    let refusals = this.#refusals.get(network);
    if (refusals === undefined) {
      refusals = { times: [], loggedAt: -Infinity };
      this.#refusals.set(network, refusals);
    }
    if (refusals.times.push(this.#clock.now()) > maxRefusals) refusals.times.shift();
  }
}
