import type { Clock } from '../time.ts';

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
