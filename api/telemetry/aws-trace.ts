import type { Clock } from '../clock.ts';

/**
 * Measures the time that one operation spends on AWS calls, and counts the calls. Concurrent waits are counted once.
 */
export class AwsTime {
  /** The number of requests that were sent for the operation. A shared call is counted in each operation. */
  calls = 0;
  readonly #clock: Clock;
  #waits = 0;
  #since = 0;
  #ms = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The milliseconds spent waiting for AWS so far. */
  get ms(): number {
    return this.#ms + (this.#waits > 0 ? this.#clock.now() - this.#since : 0);
  }

  /** Adds the time until the promise settles and returns its value. */
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

/** The deadline of one operation and the ids of its AWS requests. */
export interface AwsTrace {
  /** The deadline, on the time scale of `Clock.now()`. */
  readonly deadlineAt: number;
  /** A signal that aborts at the deadline. */
  readonly deadline: AbortSignal;
  /** The AWS request ids so far, in order. */
  readonly requestIds: string[];
  readonly time: AwsTime;
  /** Called when the first request is sent, after the operation has waited for the budget. */
  readonly sent?: () => void;
  /** Whether to make a single attempt, even while the budget is paused, to test whether AWS has recovered. */
  readonly probe?: boolean;
}

/** Starts the trace of an operation whose deadline is in `deadlineMs` milliseconds, or at once if that is negative. */
export function startTrace(
  clock: Clock,
  deadlineMs: number,
  options: Pick<AwsTrace, 'sent' | 'probe'> = {},
): AwsTrace {
  const { sent } = options;
  const remainingMs = Math.max(0, Math.floor(deadlineMs));
  let isSent = false;
  return {
    ...options,
    ...(sent !== undefined && {
      sent: () => {
        if (!isSent) sent();
        isSent = true;
      },
    }),
    deadlineAt: clock.now() + remainingMs,
    deadline: clock.deadline(remainingMs),
    requestIds: [],
    time: new AwsTime(clock),
  };
}

/** Returns a trace whose calls count for `trace`, with its own deadline in `deadlineMs`. */
export function extendTrace(trace: AwsTrace, clock: Clock, deadlineMs: number): AwsTrace {
  return { ...startTrace(clock, deadlineMs), requestIds: trace.requestIds, time: trace.time };
}
