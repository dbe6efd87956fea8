import type Router from '@koa/router';
import type { Authenticate } from '../../principals/principal.ts';
import type { ExpositionFormat } from '../../telemetry/exposition.ts';
import { type MetricsDeps, presentMetrics } from '../answers/presenters/metrics.ts';
import { readExpositionFormat } from '../input/exposition-format.ts';
import { allowQuery } from '../middleware/allow-query.ts';
import { basicAuth } from '../middleware/basic-auth.ts';

export interface MetricsRouteDeps {
  /** Undefined to serve none. */
  readonly metrics: MetricsDeps | undefined;
  readonly authenticate: Authenticate;
  /** Accepts METRICS_TOKEN. */
  readonly authenticateScraper: Authenticate;
}

const contentTypes: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/**
 * Serves the metrics to callers with credentials of the API or with METRICS_TOKEN. swagger.yaml does not declare it,
 * because Prometheus defines the format.
 */
export function metricsRoute(router: Router, deps: MetricsRouteDeps): void {
  const { metrics, authenticate, authenticateScraper } = deps;
  if (metrics === undefined) return;
  const authenticateEither: Authenticate = (authorization) =>
    authenticateScraper(authorization) ?? authenticate(authorization);
  router.get('/metrics', basicAuth(authenticateEither, { allowBearer: true }), allowQuery(), async (ctx) => {
    const format = readExpositionFormat(ctx.get('Accept'));
    ctx.body = await presentMetrics(metrics, format);
    ctx.set('Content-Type', contentTypes[format]);
    ctx.set('Cache-Control', 'no-store');
    ctx.vary('Accept');
  });
}
