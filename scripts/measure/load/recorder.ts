import hdr, { type Histogram } from 'hdr-histogram-js';
import type { Observer } from './load.ts';

/** The latency of 2xx responses, in milliseconds. */
export interface Latency {
  readonly mean: number;
  readonly p50: number;
  readonly p97_5: number;
  readonly p99: number;
  readonly max: number;
}

/** The results for one second of a run. */
export interface Sample extends Latency {
  /** In seconds since the run started. */
  readonly at: number;
  readonly connections: number;
  readonly requestsPerSecond: number;
}

/** The result of one load for one server. */
export interface Run {
  readonly scenario: string;
  readonly label: string;
  readonly server: 'service' | 'bare' | 'naive';
  readonly connections: number;
  /** The number of requests per second, if the load has a rate. */
  readonly rate?: number;
  readonly seconds: number;
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** The number of 2xx responses per second. */
  readonly goodPerSecond: number;
  /** Responses other than 2xx, broken connections, and requests without a response within 10 s. */
  readonly failed: number;
  readonly timeouts: number;
  /** The number of responses by HTTP status. `error` is used for broken connections and timeouts. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly latency: Latency;
  readonly samples: readonly Sample[];
  /** The AWS calls during the run. */
  readonly aws?: { readonly calls: number; readonly callsPerSecond: number; readonly throttled: number };
  /** Set if the run ended early. */
  readonly cut?: true;
}

const microseconds = 1000;

/** Counts responses and their latencies, for the whole run and for each second. */
export class Recorder implements Observer {
  readonly #whole = histogram();
  #second = histogram();
  #inSecond = 0;
  #sampledAt = performance.now();
  readonly #startedAt = performance.now();
  #endedAt: number | undefined;
  #timeouts = 0;
  readonly #statuses: Record<string, number> = {};
  readonly #samples: Sample[] = [];

  /**
   * Counts a response. With `interval`, also counts the requests that a slow response delayed, with their waiting time
   * (to correct for coordinated omission).
   */
  answer(status: number, ms: number, interval?: number): void {
    this.#count(String(status));
    this.#inSecond += 1;
    this.#endedAt = performance.now();
    // Failed responses are not included, because they are fast and would make a failing server look fast.
    if (!isGood(String(status))) return;
    const value = Math.max(1, Math.round(ms * microseconds));
    for (const one of [this.#whole, this.#second]) {
      if (interval === undefined) one.recordValue(value);
      else one.recordValueWithExpectedInterval(value, Math.round(interval * microseconds));
    }
  }

  /** Counts a request without a response. */
  error(timeout: boolean): void {
    this.#count('error');
    if (timeout) this.#timeouts += 1;
  }

  /** Ends a second and returns its sample. */
  sample(connections: number): Sample {
    const now = performance.now();
    const sample = {
      at: (now - this.#startedAt) / 1000,
      connections,
      requestsPerSecond: this.#inSecond / ((now - this.#sampledAt) / 1000),
      ...latencyOf(this.#second),
    };
    this.#samples.push(sample);
    this.#second.reset();
    this.#inSecond = 0;
    this.#sampledAt = now;
    return sample;
  }

  get failed(): number {
    return this.#sum((status) => !isGood(status));
  }

  /** Returns the run. Its duration ends with the last response if `untilLast` is true; otherwise, it ends now. */
  finish(
    what: Pick<Run, 'scenario' | 'label' | 'server' | 'connections' | 'rate' | 'aws' | 'cut'>,
    untilLast: boolean,
  ): Run {
    const end = untilLast ? (this.#endedAt ?? performance.now()) : performance.now();
    const seconds = (end - this.#startedAt) / 1000;
    return {
      ...what,
      seconds,
      requests: this.#sum(() => true),
      requestsPerSecond: this.#sum((status) => status !== 'error') / seconds,
      goodPerSecond: this.#sum(isGood) / seconds,
      failed: this.failed,
      timeouts: this.#timeouts,
      statuses: this.#statuses,
      latency: latencyOf(this.#whole),
      samples: this.#samples,
    };
  }

  #sum(counts: (status: string) => boolean): number {
    return Object.entries(this.#statuses).reduce((sum, [status, n]) => sum + (counts(status) ? n : 0), 0);
  }

  #count(status: string): void {
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
  }
}

function isGood(status: string): boolean {
  return status.startsWith('2');
}

function histogram(): Histogram {
  return hdr.build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 120e6,
    numberOfSignificantValueDigits: 3,
  });
}

function latencyOf(one: Histogram): Latency {
  const at = (percentile: number): number => one.getValueAtPercentile(percentile) / microseconds;
  if (one.totalCount === 0) return { mean: 0, p50: 0, p97_5: 0, p99: 0, max: 0 };
  return {
    mean: one.mean / microseconds,
    p50: at(50),
    p97_5: at(97.5),
    p99: at(99),
    max: one.maxValue / microseconds,
  };
}
