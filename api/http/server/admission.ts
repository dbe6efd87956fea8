import { DomainError } from '../../errors.ts';
import type { Slot } from '../context.ts';

export type Limit = 'requests' | 'changes' | 'waiters';

const settings: Readonly<Record<Limit, string>> = {
  requests: 'MAX_IN_FLIGHT',
  changes: 'MAX_CHANGES',
  waiters: 'MAX_WAITERS',
};

const descriptions: Readonly<Record<Limit, string>> = {
  requests: 'requests in progress',
  changes: 'changes in progress',
  waiters: 'requests that wait',
};

/** In seconds. Requests and changes end sooner than waits. */
const retryAfter: Readonly<Record<Limit, number>> = { requests: 1, changes: 1, waiters: 5 };

const unlimited: Readonly<Record<Limit, number>> = {
  requests: Infinity,
  changes: Infinity,
  waiters: Infinity,
};

/**
 * Limits the requests, the changes and the waits in progress. A request takes its slots before it starts, so a change that
 * is made is never refused.
 */
export class Admission {
  readonly #limits: Readonly<Record<Limit, number>>;
  readonly #taken: Record<Limit, number> = { requests: 0, changes: 0, waiters: 0 };
  readonly #refused: Record<Limit, number> = { requests: 0, changes: 0, waiters: 0 };

  constructor(limits = unlimited) {
    this.#limits = limits;
  }

  /** The number of refused requests by limit. */
  get refused(): Readonly<Record<Limit, number>> {
    return this.#refused;
  }

  /** Whether another request can be admitted. */
  get hasRoom(): boolean {
    return this.#taken.requests < this.#limits.requests;
  }

  /** Admits a request if there is room, and returns whether it did. Call `leave` when an admitted request has ended. */
  admit(): boolean {
    const { hasRoom } = this;
    if (hasRoom) this.#taken.requests += 1;
    return hasRoom;
  }

  leave(): void {
    this.#taken.requests -= 1;
  }

  /** Takes the slot of a change or of a wait. Throws `overloaded` if all are taken. */
  take(limit: 'changes' | 'waiters'): Slot {
    if (this.#taken[limit] >= this.#limits[limit]) throw this.refusal(limit);
    this.#taken[limit] += 1;
    let isTaken = true;
    return {
      free: () => {
        if (isTaken) this.#taken[limit] -= 1;
        isTaken = false;
      },
    };
  }

  /** Counts a refused request and returns its error. */
  refusal(limit: Limit): DomainError {
    this.#refused[limit] += 1;
    const seconds = retryAfter[limit];
    return new DomainError(
      'overloaded',
      `the maximum of ${descriptions[limit]} is reached (${settings[limit]}=${this.#limits[limit]})`,
      { advice: `nothing was changed, so try again in ${seconds} s`, retryAfterSeconds: seconds },
    );
  }
}
