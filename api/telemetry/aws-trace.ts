import type { Clock } from '../time.ts';

/** Time and calls that one operation spends on AWS. Waits side by side count once. */
export class AwsTime {
  /** Requests that were sent for the operation; a call that several operations share counts as one in each. */
  calls = 0;
  readonly #clock: Clock;
  #waits = 0;
  #since = 0;
  #ms = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds spent waiting for AWS so far. */
  get ms(): number {
    return this.#ms + (this.#waits > 0 ? this.#clock.now() - this.#since : 0);
  }

  /** Counts the time until the promise settles, and returns what it brings. */
  async during<T>(promise: Promise<T>): Promise<T> {
    if (this.#waits === 0) this.#since = this.#clock.now();
    this.#waits += 1;
    try {
      return await promise;
    } finally {
      this.#waits -= 1;
      if (this.#waits === 0) this.#ms += this.#clock.now() - this.#since;
    }
  }
}

/** One operation's way through AWS: how long it may take in all, and what AWS called its requests. */
export interface AwsTrace {
  /** When the operation must be through, on the scale of `Clock.now()`. */
  readonly deadlineAt: number;
  /** Aborts at that time. */
  readonly deadline: AbortSignal;
  /** AWS's ids of the requests made so far, in order. */
  readonly requestIds: string[];
  readonly time: AwsTime;
  /** Called for each request that leaves, after any wait for the budget; acts once: the answers are as old as the first request. */
  readonly sent?: () => void;
  /** One attempt, made although AWS failed a moment ago, to see whether it is back. */
  readonly probe?: boolean;
}

/** Starts the trace of an operation that must be through in `deadlineMs` milliseconds. */
export function startTrace(
  clock: Clock,
  deadlineMs: number,
  options: Pick<AwsTrace, 'sent' | 'probe'> = {},
): AwsTrace {
  const { sent } = options;
  let hasLeft = false;
  return {
    ...options,
    ...(sent !== undefined && {
      sent: () => {
        if (!hasLeft) sent();
        hasLeft = true;
      },
    }),
    deadlineAt: clock.now() + deadlineMs,
    deadline: clock.deadline(deadlineMs),
    requestIds: [],
    time: new AwsTime(clock),
  };
}
