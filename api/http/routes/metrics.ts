import type Router from '@koa/router';
import type { Authenticator } from '../../principals/principal.ts';
import type { ExpositionFormat } from '../../telemetry/exposition.ts';
import { type MetricsDeps, presentMetrics } from '../answers/presenters/metrics.ts';
import { readExpositionFormat } from '../input/exposition-format.ts';
import { allowQuery } from '../middleware/allow-query.ts';
import { basicAuth } from '../middleware/basic-auth.ts';
import type { GuessLimit } from '../server/guess-limit.ts';

export interface MetricsRouteDeps {
  /** If undefined, the route does not exist. */
  readonly metrics: MetricsDeps | undefined;
  readonly callers: Authenticator;
  /** Authenticates callers with METRICS_TOKEN. */
  readonly scrapers: Authenticator;
  readonly guesses: GuessLimit;
}

const contentTypes: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/**
 * Returns the metrics to callers with API credentials or METRICS_TOKEN. swagger.yaml does not describe this route,
 * because Prometheus defines the format.
 */
export function metricsRoute(router: Router, deps: MetricsRouteDeps): void {
  const { metrics, callers, scrapers, guesses } = deps;
  if (metrics === undefined) return;
  const either: Authenticator = {
    recall: (authorization) => scrapers.recall(authorization) ?? callers.recall(authorization),
    authenticate: (authorization) =>
      scrapers.authenticate(authorization) ?? callers.authenticate(authorization),
  };
  router.get('/metrics', basicAuth(either, guesses, { allowBearer: true }), allowQuery(), async (ctx) => {
    const format = readExpositionFormat(ctx.get('Accept'));
    ctx.body = await presentMetrics(metrics, format);
    ctx.set('Content-Type', contentTypes[format]);
    ctx.set('Cache-Control', 'no-store');
    ctx.vary('Accept');
  });
}
