import type { Service } from './protocol/aws-error.ts';
import type { HostClock } from './region/clock.ts';

const LOG_LENGTH = 1000;

/** A completed call. `atMs` is the time from the start of counting to its arrival; `tookMs` is its duration. */
export interface CallRecord {
  readonly atMs: number;
  readonly tookMs: number;
  readonly service: Service;
  readonly action: string;
  /** `OK`, the AWS error code, `Reset`, `Silent`, or `Aborted` (the client disconnected). */
  readonly outcome: string;
}

/** The counts for one action. `maxInFlight` is the maximum number of concurrent calls. */
export interface ActionCount {
  calls: number;
  throttled: number;
  failed: number;
  inFlight: number;
  maxInFlight: number;
}

/** The counts since startup or the last reset. `log` contains the last 1000 completed calls, oldest first. */
export interface CallCounts {
  readonly calls: number;
  readonly throttled: number;
  readonly actions: Readonly<Record<string, Readonly<ActionCount>>>;
  readonly log: readonly CallRecord[];
}

export type EndCall = (outcome: string, throttled?: boolean) => void;

/** Counts the calls of AWS clients by action. Does not count control API requests. */
export class CallLog {
  readonly #clock: HostClock;
  #began: number;
  #actions = new Map<string, ActionCount>();
  #log: CallRecord[] = [];

  constructor(clock: HostClock) {
    this.#clock = clock;
    this.#began = clock.now();
  }

  /** Records the start of a call. Returns a function that records its end. */
  begin(service: Service, action: string): EndCall {
    const at = this.#clock.now();
    const count = this.#count(action);
    count.calls += 1;
    count.inFlight += 1;
    count.maxInFlight = Math.max(count.maxInFlight, count.inFlight);
    let ended = false;
    return (outcome, throttled = false) => {
      if (ended) return;
      ended = true;
      count.inFlight -= 1;
      if (outcome !== 'OK') count.failed += 1;
      if (throttled) count.throttled += 1;
      this.#append({ atMs: at - this.#began, tookMs: this.#clock.now() - at, service, action, outcome });
    };
  }

  counts(): CallCounts {
    const actions = Object.fromEntries([...this.#actions].map(([action, count]) => [action, { ...count }]));
    const sum = (key: 'calls' | 'throttled'): number => {
      return Object.values(actions).reduce((total, count) => total + count[key], 0);
    };
    return { calls: sum('calls'), throttled: sum('throttled'), actions, log: this.#log.slice(-LOG_LENGTH) };
  }

  /** Resets the counts. Calls that are in progress are not counted. */
  reset(): void {
    this.#began = this.#clock.now();
    this.#actions = new Map();
    this.#log = [];
  }

  #count(action: string): ActionCount {
    let count = this.#actions.get(action);
    if (!count) {
      count = { calls: 0, throttled: 0, failed: 0, inFlight: 0, maxInFlight: 0 };
      this.#actions.set(action, count);
    }
    return count;
  }

  #append(record: CallRecord): void {
    if (this.#log.length >= 2 * LOG_LENGTH) this.#log = this.#log.slice(-LOG_LENGTH);
    this.#log.push(record);
  }
}
