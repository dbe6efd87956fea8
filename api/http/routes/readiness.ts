import type Router from '@koa/router';
import { DomainError } from '../../errors.ts';
import type { AwsTrace } from '../../telemetry/aws-trace.ts';
import type { Clock } from '../../clock.ts';
import { type DependencyState, presentReadiness } from '../answers/presenters/readiness.ts';
import { allowQuery } from '../middleware/allow-query.ts';
import { traceRequest } from '../server/request-trace.ts';

/** In milliseconds. The timeout in scripts/ask.mjs must be longer. */
const deadlineMs = 5000;

/** A system that requests depend on. */
export interface Dependency {
  readonly name: string;
  /** Calls the dependency in the same way as a request does. Throws a DomainError if the call fails. */
  readonly check: (trace: AwsTrace) => Promise<void>;
}

export interface ReadinessDeps {
  readonly dependencies: readonly Dependency[];
  readonly clock: Clock;
}

/**
 * This route exists only on the control socket, so it is not part of the API contract. The request passes through the
 * same middleware as all authenticated requests, so a version that fails all of them is not ready.
 */
export function readinessRoute(router: Router, { dependencies, clock }: ReadinessDeps): void {
  router.get('/readiness', allowQuery(), async (ctx) => {
    const trace = traceRequest(ctx, { clock, deadlineMs, probe: true });
    const states = await Promise.all(dependencies.map((dependency) => readState(dependency, trace)));
    const readiness = presentReadiness(states);
    ctx.set('Cache-Control', 'no-store');
    ctx.status = readiness.ready ? 200 : 503;
    ctx.body = readiness;
  });
}

async function readState({ name, check }: Dependency, trace: AwsTrace): Promise<DependencyState> {
  try {
    await check(trace);
    return { name, failure: undefined };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { name, failure: error.message };
  }
}
