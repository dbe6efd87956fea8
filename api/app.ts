import Router from '@koa/router';
import Koa from 'koa';
import type { RequestState } from './http/context.ts';
import { admission } from './http/middleware/admission.ts';
import { basicAuth } from './http/middleware/basic-auth.ts';
import { closeConnections } from './http/middleware/close-connections.ts';
import { errorHandler } from './http/middleware/error-handler.ts';
import { redirectHttp } from './http/middleware/redirect-http.ts';
import { refuseExcess } from './http/middleware/refuse-excess.ts';
import { unmatched } from './http/middleware/unmatched.ts';
import { wellFormed } from './http/middleware/well-formed.ts';
import type { GuessLimit } from './http/server/guess-limit.ts';
import { attachInstancesRoute } from './http/routes/attach-instances.ts';
import { attachInstanceRoute } from './http/routes/attach-instance.ts';
import { detachInstancesRoute } from './http/routes/detach-instances.ts';
import type { ChangeRouteDeps } from './http/routes/change-route-deps.ts';
import { detachInstanceRoute } from './http/routes/detach-instance.ts';
import { type DocsFiles, docsRoutes } from './http/routes/docs.ts';
import { healthcheckRoutes } from './http/routes/healthcheck.ts';
import { type ListHealthDeps, listHealthRoute } from './http/routes/list-health.ts';
import { type ListLoadBalancersDeps, listLoadBalancersRoute } from './http/routes/list-load-balancers.ts';
import { type ListMembersDeps, listMembersRoute } from './http/routes/list-members.ts';
import { metricsRoute, type MetricsRouteDeps } from './http/routes/metrics.ts';
import { type Dependency, readinessRoute } from './http/routes/readiness.ts';
import { statusRoutes, type StatusRouteDeps } from './http/routes/status.ts';
import type { Authenticator } from './principals/principal.ts';
import type { Logger } from './telemetry/logger.ts';
import type { Clock } from './clock.ts';

export interface AppDeps
  extends
    ChangeRouteDeps,
    ListHealthDeps,
    ListLoadBalancersDeps,
    ListMembersDeps,
    MetricsRouteDeps,
    StatusRouteDeps {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly callers: Authenticator;
  readonly guesses: GuessLimit;
  /** A signal that aborts when the service starts to close. */
  readonly closing: AbortSignal;
  /** Whether to redirect requests that reached the load balancer over HTTP. */
  readonly redirectHttp: boolean;
  /** The files of the API documentation. If undefined, the documentation is not available. */
  readonly docs: DocsFiles | undefined;
  /** The dependencies that GET /readiness checks. If undefined, the application does not have that route. */
  readonly dependencies?: readonly Dependency[];
}

/** Returns the application with its ordered list of middleware. */
export function createApp(deps: AppDeps): Koa<RequestState> {
  const open = new Router({ sensitive: true });
  healthcheckRoutes(open);
  const pages = new Router({ sensitive: true });
  if (deps.docs !== undefined) docsRoutes(pages, deps.docs);
  const scraped = new Router({ sensitive: true });
  metricsRoute(scraped, deps);

  const guarded = new Router({ sensitive: true });
  statusRoutes(guarded, deps);
  const { dependencies, clock } = deps;
  if (dependencies !== undefined) readinessRoute(guarded, { dependencies, clock });
  listLoadBalancersRoute(guarded, deps);
  listMembersRoute(guarded, deps);
  attachInstanceRoute(guarded, deps);
  detachInstanceRoute(guarded, deps);
  listHealthRoute(guarded, deps);
  attachInstancesRoute(guarded, deps);
  detachInstancesRoute(guarded, deps);

  const app = new Koa<RequestState>();
  app.on('error', (err: unknown) => {
    deps.logger.error({ err }, 'a response could not be sent');
  });
  app.use(admission(deps.pipeline));
  app.use(closeConnections(deps.closing));
  app.use(errorHandler());
  app.use(wellFormed());
  app.use(open.routes());
  if (deps.redirectHttp) app.use(redirectHttp());
  app.use(scraped.routes());
  app.use(refuseExcess(deps.pipeline.admission));
  app.use(pages.routes());
  app.use(basicAuth(deps.callers, deps.guesses));
  app.use(guarded.routes());
  app.use(unmatched(open, pages, scraped, guarded));
  return app;
}
