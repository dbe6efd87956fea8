import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';
import { type Target, Unreachable } from './request.ts';

/** The requests to send. Without a rate, each connection sends its next request when it has received the response. */
export interface Load {
  readonly connections: number;
  readonly seconds?: number;
  /** The number of requests. If it is set, it replaces `seconds`. */
  readonly amount?: number;
  /** The number of requests per second, over all connections. */
  readonly rate?: number;
  /** The paths that each connection requests, one after another. */
  readonly paths: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Called with the body of every response. */
  readonly onBody?: (body: string) => void;
  /**
   * Groups of connections that open and close at different times. Without stages, all connections are open all the
   * time.
   */
  readonly stages?: readonly Stage[];
}

/** A load with a name in the report. */
export interface LabelledLoad extends Load {
  readonly label: string;
  /** The number of requests per second that another client sends at the same time. They count towards --max-rate. */
  readonly beside?: number;
}

export interface Stage {
  /** In seconds since the load started. */
  readonly from: number;
  readonly to: number;
  readonly connections: number;
}

/** Called with every response as it arrives. */
export interface Observer {
  /** `interval` is the time between two requests on a connection, in milliseconds, if a rate is set. */
  answer(status: number, ms: number, interval?: number): void;
  error(timeout: boolean): void;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly requests: number;
  /** Responses other than 2xx, broken connections, and requests without a response within 10 s. */
  readonly failed: number;
  readonly non2xx: number;
  /** In milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * In seconds. With a rate, autocannon sends all requests of a second at the beginning of that second. The load ends
 * before the next such burst.
 */
const lastBurst = 0.2;

/** Returns the number of connections that are open at a given second of the load. */
export function connectionsAt(load: Load, second: number): number {
  if (load.stages === undefined) return load.connections;
  return load.stages.reduce(
    (sum, { from, to, connections }) => sum + (second >= from && second < to ? connections : 0),
    0,
  );
}

/** Sends a load and returns the measurements of autocannon. @throws Unreachable if the server refuses connections */
export async function measureLoad(target: Target, load: Load): Promise<LoadResult> {
  const [result] = await sendLoad(target, load);
  if (result === undefined) throw new Error('the load has no stage');
  const { requests, errors, non2xx, latency, duration } = result;
  return {
    requestsPerSecond: requests.total / duration,
    requests: requests.total,
    failed: errors + non2xx,
    non2xx,
    p50: latency.p50,
    p99: latency.p99,
    max: latency.max,
  };
}

/**
 * Sends a load until it is complete or the signal aborts. Returns the result of autocannon for each stage.
 * @throws Unreachable if the server refuses connections
 */
export async function sendLoad(
  target: Target,
  load: Load,
  signal?: AbortSignal,
  observer?: Observer,
): Promise<autocannon.Result[]> {
  const refused = new AbortController();
  const stop = signal === undefined ? refused.signal : AbortSignal.any([signal, refused.signal]);
  // Every stage adds a listener.
  setMaxListeners(0, stop);
  const results = await Promise.all(
    stagesOf(load).map((stage) => sendStage(target, load, stage, stop, refused, observer)),
  );
  if (refused.signal.aborted) throw refused.signal.reason;
  return results.filter((result) => result !== undefined);
}

async function sendStage(
  target: Target,
  load: Load,
  { from, to, connections }: Stage,
  stop: AbortSignal,
  refused: AbortController,
  observer: Observer | undefined,
): Promise<autocannon.Result | undefined> {
  await delay(from * 1000, stop);
  if (stop.aborted) return undefined;
  const all = stagesOf(load).reduce((sum, stage) => sum + stage.connections, 0);
  const rate = load.rate === undefined ? undefined : Math.max(1, Math.floor((load.rate * connections) / all));
  // autocannon sends at least one request per second on each connection.
  const open = Math.min(connections, rate ?? Infinity);
  const interval = rate === undefined ? undefined : (1000 * open) / rate;
  const { onBody } = load;
  return new Promise((resolve, reject) => {
    const instance = autocannon(
      {
        url: target.url,
        connections: open,
        headers: { Authorization: target.authorization, ...load.headers },
        requests: load.paths.map((path) => ({ path })),
        // The interval at which autocannon checks whether it must stop, in milliseconds.
        sampleInt: 100,
        ...(load.amount === undefined
          ? { duration: to - from - (rate === undefined ? 0 : lastBurst) }
          : { amount: load.amount }),
        ...(rate !== undefined && { overallRate: rate }),
        ...(onBody !== undefined && {
          verifyBody: (body) => {
            onBody(String(body));
            return true;
          },
        }),
      },
      (error: unknown, result) => {
        stop.removeEventListener('abort', end);
        if (error instanceof Error) reject(error);
        else resolve(result);
      },
    );
    const end = (): void => {
      instance.stop();
    };
    stop.addEventListener('abort', end);
    if (observer !== undefined)
      instance.on('response', (_client, status, _bytes, ms) => {
        observer.answer(status, ms, interval);
      });
    instance.on('reqError', (error: NodeJS.ErrnoException) => {
      if (stop.aborted) return;
      observer?.error(error.message === 'request timed out');
      if (error.code === 'ECONNREFUSED')
        refused.abort(new Unreachable(`${target.url} refuses connections: the server has ended.`));
    });
  });
}

function stagesOf({ stages, connections, seconds = 0 }: Load): readonly Stage[] {
  return stages ?? [{ from: 0, to: seconds, connections }];
}

/** Resolves after this many milliseconds, or when the signal aborts. */
export async function delay(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => undefined);
}
