import type { Service } from './protocol/aws-error.ts';
import type { HostClock } from './region/clock.ts';

/** How many of the last calls are remembered one by one. */
const LOG_LENGTH = 1000;

/** One call that is over; `atMs` is when it came, in ms since counting began, `tookMs` how long it was held. */
export interface CallRecord {
  readonly atMs: number;
  readonly tookMs: number;
  readonly service: Service;
  readonly action: string;
  /** `OK`, AWS's error code, or `Reset`, `Silent`, `Aborted` (the client left first). */
  readonly outcome: string;
}

/** Counts of one action; `maxInFlight` is the most that were under way side by side. */
export interface ActionCount {
  calls: number;
  throttled: number;
  failed: number;
  inFlight: number;
  maxInFlight: number;
}

/** Counts since the start or the last reset; `log` holds the last 1000 calls that are over, oldest first. */
export interface CallCounts {
  readonly calls: number;
  readonly throttled: number;
  readonly actions: Readonly<Record<string, Readonly<ActionCount>>>;
  readonly log: readonly CallRecord[];
}

/** Ends the count of one call. */
export type EndCall = (outcome: string, throttled?: boolean) => void;

/** Counts the calls of AWS clients by action; calls of the control path are not counted. */
export class CallLog {
  readonly #clock: HostClock;
  #began: number;
  #actions = new Map<string, ActionCount>();
  #log: CallRecord[] = [];

  constructor(clock: HostClock) {
    this.#clock = clock;
    this.#began = clock.now();
  }

  /** Counts a call in; what it returns counts it out, once. */
  begin(service: Service, action: string): EndCall {
    const at = this.#clock.now();
    const count = this.#count(action);
    count.calls += 1;
    count.inFlight += 1;
    count.maxInFlight = Math.max(count.maxInFlight, count.inFlight);
    let over = false;
    return (outcome, throttled = false) => {
      if (over) return;
      over = true;
      count.inFlight -= 1;
      if (outcome !== 'OK') count.failed += 1;
      if (throttled) count.throttled += 1;
      this.#remember({ atMs: at - this.#began, tookMs: this.#clock.now() - at, service, action, outcome });
    };
  }

  /** A copy of the counts. */
  counts(): CallCounts {
    const actions = Object.fromEntries([...this.#actions].map(([action, count]) => [action, { ...count }]));
    const sum = (key: 'calls' | 'throttled'): number => {
      return Object.values(actions).reduce((total, count) => total + count[key], 0);
    };
    return { calls: sum('calls'), throttled: sum('throttled'), actions, log: this.#log.slice(-LOG_LENGTH) };
  }

  /** Starts counting anew; calls under way are no longer counted. */
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

  #remember(record: CallRecord): void {
    if (this.#log.length >= 2 * LOG_LENGTH) this.#log = this.#log.slice(-LOG_LENGTH);
    this.#log.push(record);
  }
}
