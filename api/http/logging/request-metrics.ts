import type { IncomingMessage } from 'node:http';
import { DomainError } from '../../errors.ts';
import { Histogram } from '../../telemetry/histogram.ts';
import type { RequestState } from '../context.ts';

/** The upper bounds of the histogram buckets, in seconds. */
const bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * A client can send any method; methods other than these are reported as `_OTHER`
 * (https://opentelemetry.io/docs/specs/semconv/http/http-metrics/).
 */
const knownMethods = new Set([
  ...['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE'],
]);

/** Returns the method, or `_OTHER` if the method is unknown. */
export function methodOf({ method = '' }: Pick<IncomingMessage, 'method'>): string {
  return knownMethods.has(method) ? method : '_OTHER';
}

/** The requests with one combination of method, route and status. */
export interface RequestSeries {
  readonly method: string;
  /** The path pattern, or `unmatched` for a request that was rejected before routing or that matches no route. */
  readonly route: string;
  readonly status: number;
  readonly durations: Histogram;
}

/** Counts the completed requests and their durations, and the rejected credentials. */
export class RequestMetrics {
  readonly #series = new Map<string, RequestSeries>();
  readonly #refused = new Map<string, number>();
  /** The most recently used series, because the next request usually belongs to the same series. */
  #last: RequestSeries | undefined;

  get series(): Iterable<RequestSeries> {
    return this.#series.values();
  }

  /** The number of rejected requests by reason. */
  get refusedCredentials(): ReadonlyMap<string, number> {
    return this.#refused;
  }

  observe({ request, response, route = 'unmatched', error }: RequestState, durationMs: number): void {
    const { method } = request;
    const status = response.statusCode;
    let series = this.#last;
    if (series?.route !== route || series.status !== status || series.method !== method)
      series = this.#last = this.#find(methodOf(request), route, status);
    series.durations.observe(durationMs / 1000);
    const fault = error instanceof DomainError ? error.details.authFailure : undefined;
    if (fault !== undefined) this.#refused.set(fault, (this.#refused.get(fault) ?? 0) + 1);
  }

  #find(method: string, route: string, status: number): RequestSeries {
    const key = `${status} ${method} ${route}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { method, route, status, durations: new Histogram(bounds) };
      this.#series.set(key, series);
    }
    return series;
  }
}
