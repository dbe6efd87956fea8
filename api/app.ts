import Router from '@koa/router';
import Koa from 'koa';
import type { RequestState } from './http/context.ts';
import { admission } from './http/middleware/admission.ts';
import { basicAuth } from './http/middleware/basic-auth.ts';
import { closeConnections } from './http/middleware/close-connections.ts';
import { errorHandler } from './http/middleware/error-handler.ts';
import { unmatched } from './http/middleware/unmatched.ts';
import { wellFormed } from './http/middleware/well-formed.ts';
import type { Pipeline } from './http/server/pipeline.ts';
import { type DocsFiles, docsRoutes } from './http/routes/docs.ts';
import { elbHealthRoutes, type ElbHealthRouteDeps } from './http/routes/elb-health.ts';
import { elbInstancesRoutes, type ElbInstancesRouteDeps } from './http/routes/elb-instances.ts';
import { elbListRoutes, type ElbListRouteDeps } from './http/routes/elb-list.ts';
import { type ElbRouteDeps, elbRoutes } from './http/routes/elb.ts';
import { healthcheckRoutes } from './http/routes/healthcheck.ts';
import { statusRoutes, type StatusRouteDeps } from './http/routes/status.ts';
import type { Authenticate } from './principals/principal.ts';
import type { Logger } from './telemetry/logger.ts';
import type { Clock } from './clock.ts';

export interface AppDeps
  extends ElbRouteDeps, ElbHealthRouteDeps, ElbInstancesRouteDeps, ElbListRouteDeps, StatusRouteDeps {
  readonly logger: Logger;
  readonly pipeline: Pipeline;
  readonly clock: Clock;
  readonly authenticate: Authenticate;
  /** Aborts when the service begins to close. */
  readonly closing: AbortSignal;
  /** The pages about the API, or undefined to serve none. */
  readonly docs: DocsFiles | undefined;
}

/** Returns the application: its middleware, in order. */
export function createApp(parts: AppDeps): Koa<RequestState> {
  const open = new Router({ sensitive: true });
  healthcheckRoutes(open);
  const pages = new Router({ sensitive: true });
  if (parts.docs !== undefined) docsRoutes(pages, parts.docs);

  const guarded = new Router({ sensitive: true });
  statusRoutes(guarded, parts);
  elbListRoutes(guarded, parts);
  elbRoutes(guarded, parts);
  elbHealthRoutes(guarded, parts);
  elbInstancesRoutes(guarded, parts);

  const app = new Koa<RequestState>();
  app.on('error', (err: unknown) => {
    parts.logger.error({ err }, 'a response could not be sent');
  });
  app.use(admission(parts.pipeline));
  app.use(closeConnections(parts.closing));
  app.use(errorHandler());
  app.use(wellFormed());
  app.use(open.routes());
  app.use(pages.routes());
  app.use(basicAuth(parts.authenticate));
  app.use(guarded.routes());
  app.use(unmatched(open, guarded));
  return app;
}
