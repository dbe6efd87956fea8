import autocannon from 'autocannon';
import { authorization } from '../lab/processes.ts';

export interface Load {
  readonly connections: number;
  readonly seconds?: number;
  /** Ends after so many requests instead. */
  readonly amount?: number;
  readonly headers?: Record<string, string>;
  /** Paths asked for in turn by every connection, instead of one. */
  readonly paths?: readonly string[];
  /** Requests a second over all connections. */
  readonly rate?: number;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly requests: number;
  /** Connections that broke, and requests not answered within 10 s. */
  readonly errors: number;
  readonly timeouts: number;
  readonly non2xx: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Sends requests with credentials over connections that are kept alive, each as soon as the one before is answered. */
export async function load(url: string, path: string, options: Load): Promise<LoadResult> {
  const startedAt = performance.now();
  const result = await autocannon({
    url: url + path,
    connections: options.connections,
    headers: { Authorization: authorization, ...options.headers },
    ...(options.amount === undefined ? { duration: options.seconds ?? 3 } : { amount: options.amount }),
    ...(options.rate !== undefined && { overallRate: options.rate }),
    ...(options.paths !== undefined && { requests: options.paths.map((one) => ({ path: one })) }),
  });
  const requests = result.requests.total;
  const seconds = options.amount === undefined ? result.duration : (performance.now() - startedAt) / 1000;
  return {
    requestsPerSecond: requests / seconds,
    requests,
    errors: result.errors - result.timeouts,
    timeouts: result.timeouts,
    non2xx: result.non2xx,
    p50: result.latency.p50,
    p99: result.latency.p99,
    max: result.latency.max,
  };
}
