import type { Clock } from './time.ts';

/** What the service needs of a logger; pino has this shape. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

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

/** Calls of one AWS action since the process started; each attempt counts. */
export interface ActionCount {
  spent: number;
  throttled: number;
  failed: number;
}

export type Outcome = 'ok' | 'throttled' | 'failed';

/** How one attempt ended. */
export interface Attempt {
  readonly outcome: Outcome;
  readonly ms: number;
  /** Whether AWS itself answered, be it with a refusal. */
  readonly answered: boolean;
  /** Whether AWS does what it is asked, or refuses it for what is asked: a name that does not exist. */
  readonly working: boolean;
  /** AWS's code of the failure, or the system's. */
  readonly error?: string;
  /** The sentence that callers read about the failure. */
  readonly message?: string;
}

/** An attempt that failed. */
export interface LastError {
  readonly at: Date;
  readonly action: string;
  readonly error: string;
  readonly message: string;
}

/** What is known of the calls of one action. */
export interface ActionRecord extends ActionCount {
  /** Of the last `durationsKept` attempts, in milliseconds. */
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly lastAt: Date;
  readonly lastOutcome: Outcome;
  readonly lastError: LastError | undefined;
}

interface Entry extends ActionCount {
  readonly durations: number[];
  lastAt: Date;
  lastOutcome: Outcome;
  lastError?: LastError;
}

/** Attempts of each action whose durations are kept. */
const durationsKept = 500;

/** Counts and times the calls of AWS, by action, and remembers how the last ones ended. */
export class AwsLedger {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  #newest: Attempt | undefined;
  #lastError: LastError | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  record(action: string, attempt: Attempt): void {
    const { outcome, ms, error = '', message = '' } = attempt;
    const at = new Date(this.#clock.epochMs());
    const entry = this.#entries.get(action) ?? newEntry(at);
    this.#entries.set(action, entry);
    entry.durations[entry.spent % durationsKept] = ms;
    entry.spent += 1;
    entry.lastAt = at;
    entry.lastOutcome = outcome;
    this.#newest = attempt;
    if (outcome === 'ok') return;
    entry[outcome] += 1;
    this.#lastError = entry.lastError = { at, action, error, message };
  }

  /** Returns the counts so far, by action. */
  snapshot(): Record<string, ActionCount> {
    return Object.fromEntries(
      [...this.#entries].map(([action, { spent, throttled, failed }]) => [
        action,
        { spent, throttled, failed },
      ]),
    );
  }

  /** Returns what is known of the calls, by action. */
  actions(): Map<string, ActionRecord> {
    return new Map(
      [...this.#entries].map(([action, { durations, lastError, ...entry }]) => {
        const sorted = durations.toSorted((one, other) => one - other);
        const quantile = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
        return [action, { ...entry, lastError, medianMs: quantile(0.5), p99Ms: quantile(0.99) }];
      }),
    );
  }

  /** Whether AWS answered the last call of all; undefined before the first. */
  get reachable(): boolean | undefined {
    return this.#newest?.answered;
  }

  /** Whether AWS did what the last call asked; a throttled or refused service reaches AWS, and AWS does not work for it. */
  get working(): boolean | undefined {
    return this.#newest?.working;
  }

  /** The last attempt that failed. */
  get lastError(): LastError | undefined {
    return this.#lastError;
  }
}

function newEntry(at: Date): Entry {
  return { spent: 0, throttled: 0, failed: 0, durations: [], lastAt: at, lastOutcome: 'ok' };
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
