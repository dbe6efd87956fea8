import { totalmem } from 'node:os';
import {
  constants,
  monitorEventLoopDelay,
  type PerformanceEntry,
  PerformanceObserver,
} from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import type { Clock } from '../clock.ts';
import type { Metric } from './exposition.ts';
import { Histogram } from './histogram.ts';

/** The kinds of garbage collection: https://opentelemetry.io/docs/specs/semconv/runtime/v8js-metrics/ */
const gcTypes: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};
/** @types/node does not declare `detail`: https://nodejs.org/api/perf_hooks.html#performanceentrydetail */
type GcEntry = PerformanceEntry & { readonly detail: { readonly kind: number } };
const gcBounds = [0.001, 0.01, 0.1, 1, 10];

/** The reported delays cover at least this period, in milliseconds, regardless of how often they are read. */
const windowMs = 60_000;
const resolutionMs = 20;

/**
 * Measures the event loop, garbage collection, memory and CPU time of the process. The names and attributes follow the
 * OpenTelemetry semantic conventions for Node.js, V8 and processes.
 */
export class RuntimeMetrics {
  readonly #clock: Clock;
  readonly #gc = new Map(Object.values(gcTypes).map((type) => [type, new Histogram(gcBounds)]));
  readonly #observer: PerformanceObserver;
  #delays = monitorEventLoopDelay({ resolution: resolutionMs });
  /** Measures in parallel, and replaces `#delays` when it covers a full window. */
  #nextDelays = monitorEventLoopDelay({ resolution: resolutionMs });
  #nextSince: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#nextSince = clock.now();
    this.#delays.enable();
    this.#nextDelays.enable();
    this.#observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as GcEntry[])
        this.#gc.get(gcTypes[entry.detail.kind] ?? '')?.observe(entry.duration / 1000);
    });
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  /** Returns the current metrics. */
  read(): Metric[] {
    const { idle, active } = performance.eventLoopUtilization();
    const { user, system } = process.cpuUsage();
    const heap = getHeapSpaceStatistics();
    return [
      ...this.#delayMetrics(),
      {
        name: 'nodejs_eventloop_time_seconds',
        type: 'counter',
        help: 'Time that the event loop has been active or idle.',
        series: [
          [{ nodejs_eventloop_state: 'active' }, active / 1000],
          [{ nodejs_eventloop_state: 'idle' }, idle / 1000],
        ],
      },
      {
        name: 'v8js_gc_duration_seconds',
        type: 'histogram',
        help: 'Duration of garbage collection.',
        series: [...this.#gc].map(([type, histogram]) => [{ v8js_gc_type: type }, histogram]),
      },
      {
        name: 'v8js_memory_heap_used_bytes',
        type: 'gauge',
        help: 'Used memory of each heap space.',
        series: heap.map(({ space_name, space_used_size }) => [
          { v8js_heap_space_name: space_name },
          space_used_size,
        ]),
      },
      {
        name: 'process_memory_usage_bytes',
        type: 'gauge',
        help: 'Physical memory of the process (resident set size).',
        series: residentBytes(),
      },
      {
        name: 'elb_inventory_memory_limit_bytes',
        type: 'gauge',
        help: 'Memory that the process may use: the limit of its container, or the memory of the host.',
        // Without a limit, Node.js returns 0 or 2^64.
        series: [[{}, Math.min(process.constrainedMemory() || Infinity, totalmem())]],
      },
      {
        name: 'elb_inventory_heap_limit_bytes',
        type: 'gauge',
        help: 'Heap size limit, at which the process crashes.',
        series: [[{}, getHeapStatistics().heap_size_limit]],
      },
      {
        name: 'process_cpu_time_seconds',
        type: 'counter',
        help: 'CPU time of the process.',
        series: [
          [{ cpu_mode: 'user' }, user / 1e6],
          [{ cpu_mode: 'system' }, system / 1e6],
        ],
      },
      {
        name: 'process_uptime_seconds',
        type: 'gauge',
        help: 'Time since the process started.',
        series: [[{}, process.uptime()]],
      },
    ];
  }

  close(): void {
    this.#observer.disconnect();
    this.#delays.disable();
    this.#nextDelays.disable();
  }

  #delayMetrics(): Metric[] {
    const now = this.#clock.now();
    if (now - this.#nextSince >= windowMs) {
      [this.#delays, this.#nextDelays] = [this.#nextDelays, this.#delays];
      this.#nextDelays.reset();
      this.#nextSince = now;
    }
    const delays = this.#delays;
    // Without a measurement, the histogram returns NaN or its maximum value.
    if (delays.count === 0) return [];
    // The histogram records the full interval of its timer, in nanoseconds; subtract the resolution to get the delay.
    const delay = (ns: number): number => Math.max(0, ns - resolutionMs * 1e6) / 1e9;
    const gauge = (name: string, ns: number): Metric => ({
      name: `nodejs_eventloop_delay_${name}_seconds`,
      type: 'gauge',
      help: `Event loop delay (${name}) over at least the last minute.`,
      series: [[{}, delay(ns)]],
    });
    return [
      gauge('mean', delays.mean),
      gauge('max', delays.max),
      ...([50, 90, 99] as const).map((share) => gauge(`p${share}`, delays.percentile(share))),
    ];
  }
}

/** Returns no series if no file descriptor is free, because Node.js reads the resident set size from a file. */
function residentBytes(): Metric['series'] {
  try {
    return [[{}, process.memoryUsage.rss()]];
  } catch {
    return [];
  }
}
