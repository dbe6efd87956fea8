import type { Clock } from '../clock.ts';
import { Histogram } from './histogram.ts';

/** The attempts of one AWS action since the process started. */
export interface ActionCount {
  spent: number;
  throttled: number;
  failed: number;
}

export type Outcome = 'ok' | 'throttled' | 'failed';

export interface Attempt {
  readonly outcome: Outcome;
  readonly ms: number;
  /** Whether AWS responded, even if it rejected the request. */
  readonly answered: boolean;
  /** Whether AWS processed the request, even if it rejected its content, such as a name that does not exist. */
  readonly working: boolean;
  /** The error code from AWS or from the operating system. */
  readonly error?: string;
  /** The error message for callers. */
  readonly message?: string;
}

export interface LastError {
  readonly at: Date;
  readonly action: string;
  readonly error: string;
  readonly message: string;
}

export interface ActionRecord extends ActionCount {
  /** The median duration of the last `durationsKept` attempts. */
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly lastAt: Date;
  readonly lastOutcome: Outcome;
  readonly lastError: LastError | undefined;
}

/** The durations, in seconds, of the calls to one action with one outcome: `ok` or an error code. */
export interface CallDurations {
  readonly action: string;
  readonly outcome: string;
  readonly durations: Histogram;
}

interface Entry extends ActionCount {
  readonly durations: number[];
  lastAt: Date;
  lastOutcome: Outcome;
  lastError?: LastError;
}

/** The number of durations that are kept per action. */
const durationsKept = 500;

/** The upper bounds of the histogram buckets, in seconds. */
const callBounds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export class AwsLedger {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #calls = new Map<string, CallDurations>();
  #newest: Attempt | undefined;
  #lastError: LastError | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Records a call with all of its attempts and waits. */
  recordCall(action: string, outcome: string, ms: number): void {
    const key = `${action} ${outcome}`;
    let calls = this.#calls.get(key);
    if (calls === undefined) {
      calls = { action, outcome, durations: new Histogram(callBounds) };
      this.#calls.set(key, calls);
    }
    calls.durations.observe(ms / 1000);
  }

  /** Returns the durations of the calls, by action and outcome. */
  callDurations(): Iterable<CallDurations> {
    return this.#calls.values();
  }

  /** Records one attempt of a call. */
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

  snapshot(): Record<string, ActionCount> {
    return Object.fromEntries(
      [...this.#entries].map(([action, { spent, throttled, failed }]) => [
        action,
        { spent, throttled, failed },
      ]),
    );
  }

  actions(): Map<string, ActionRecord> {
    return new Map(
      [...this.#entries].map(([action, { durations, lastError, ...entry }]) => {
        const sorted = durations.toSorted((one, other) => one - other);
        const quantile = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
        return [action, { ...entry, lastError, medianMs: quantile(0.5), p99Ms: quantile(0.99) }];
      }),
    );
  }

  /** Whether AWS responded to the last call; undefined before the first call. */
  get reachable(): boolean | undefined {
    return this.#newest?.answered;
  }

  /** Whether AWS processed the last call; false if AWS throttled it or rejected the credentials. */
  get working(): boolean | undefined {
    return this.#newest?.working;
  }

  get lastError(): LastError | undefined {
    return this.#lastError;
  }
}

function newEntry(at: Date): Entry {
  return { spent: 0, throttled: 0, failed: 0, durations: [], lastAt: at, lastOutcome: 'ok' };
}
