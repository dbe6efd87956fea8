import { type Clock, systemClock } from './time.ts';

/** What the service needs of a logger; pino has this shape. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** One operation's way through AWS: how long it may take in all, and what AWS called its requests. */
export interface AwsTrace {
  /** When the operation must be through, on the clock of `performance.now()`. */
  readonly deadlineAt: number;
  /** Aborts at that time. */
  readonly deadline: AbortSignal;
  /** AWS's ids of the requests made so far, in order. */
  readonly requestIds: string[];
  /** Called for each request that leaves, after any wait for the budget; acts once: the answers are as old as the first request. */
  readonly sent?: () => void;
  /** One attempt, made although AWS failed a moment ago, to see whether it is back. */
  readonly probe?: boolean;
}

/** Starts the trace of an operation that must be through in `deadlineMs` milliseconds. */
export function startTrace(
  deadlineMs: number,
  { clock = systemClock, ...options }: Pick<AwsTrace, 'sent' | 'probe'> & { readonly clock?: Clock } = {},
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
  };
}

/** Calls of one AWS action since the process started; each attempt counts. */
export interface ActionCount {
  spent: number;
  throttled: number;
  failed: number;
}

/** How the last call of one action ended. */
export interface LastCall {
  readonly at: Date;
  readonly outcome: Outcome;
  /** Whether AWS answered, be it with a refusal. */
  readonly answered: boolean;
}

export type Outcome = 'ok' | 'throttled' | 'failed';

/** Counts what AWS was asked, by action, and remembers how it went last. */
export class AwsLedger {
  readonly #counts = new Map<string, ActionCount & { last?: LastCall }>();
  #newest: LastCall | undefined;
  #lastError: { readonly at: Date; readonly action: string; readonly error: string } | undefined;

  /** `error` is what AWS calls the failure, or what the system does. */
  record(action: string, outcome: Outcome, { error = '', answered = true } = {}): void {
    const count = this.#counts.get(action) ?? { spent: 0, throttled: 0, failed: 0 };
    count.spent += 1;
    if (outcome !== 'ok') {
      count[outcome] += 1;
      this.#lastError = { at: new Date(), action, error };
    }
    count.last = { at: new Date(), outcome, answered };
    this.#newest = count.last;
    this.#counts.set(action, count);
  }

  /** Returns the counts so far, by action. */
  snapshot(): Record<string, ActionCount> {
    return Object.fromEntries(
      [...this.#counts].map(([action, { spent, throttled, failed }]) => [
        action,
        { spent, throttled, failed },
      ]),
    );
  }

  /** Returns how the last call of each action ended. */
  lastCalls(): Record<string, LastCall> {
    return Object.fromEntries(
      [...this.#counts].flatMap(([action, { last }]) => (last ? [[action, last]] : [])),
    );
  }

  /** Whether AWS answered the last call of all; undefined before the first. */
  get reachable(): boolean | undefined {
    return this.#newest?.answered;
  }

  /** The last call that did not go well. */
  get lastError(): { readonly at: Date; readonly action: string; readonly error: string } | undefined {
    return this.#lastError;
  }
}

/** How much may be asked, and who made somebody wait since the process started. */
export interface GateState {
  readonly name: string;
  /** Undefined where there is no limit of ours. */
  readonly perSecond: number | undefined;
  /** Calls that may be made at once. */
  readonly left: number | undefined;
  /** Who waits for a turn now. */
  readonly waiting: number;
  readonly heldUpByUs: Held;
  readonly heldUpByAws: Held;
}

export interface Held {
  /** Calls that had to wait, or were not made. */
  readonly calls: number;
  readonly last: Date | undefined;
}
