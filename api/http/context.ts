import type { IncomingMessage, ServerResponse } from 'node:http';
import type Koa from 'koa';
import type { ChangeOptions } from '../load-balancers/changes/change-options.ts';
import type { AwaitedState } from '../load-balancers/health/health-waiter.ts';
import type { ElbName } from '../load-balancers/instance.ts';
import type { Principal } from '../principals/principal.ts';
import type { AwsTrace } from '../telemetry/aws-trace.ts';

/** A request from its admission until its response is closed, and what becomes known of it: Koa's `ctx.state`. */
export interface RequestState {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The caller's X-Request-Id where it is sane, else one of ours. */
  readonly requestId: string;
  /** On the scale of `Clock.now()`. */
  readonly startedAt: number;
  /** The path as its route states it; undefined where no route has it. */
  route: string | undefined;
  /** Undefined until the caller is authenticated. */
  principal: Principal | undefined;
  /** Present once a route has started an operation that may reach AWS. */
  trace?: AwsTrace;
  /** What was thrown, for the log. */
  error?: unknown;
  change?: Change;
  /** Present where the answer is older than it may be, because AWS fails; for the log. */
  cache?: 'stale';
}

/** The change that a request asks for. */
export interface Change extends ChangeOptions {
  readonly elbName: ElbName;
  /** The ids as the client wrote them; texts that are not instance ids included. */
  readonly named: readonly string[];
  /** Those of `named` that are instance ids. */
  readonly instanceIds: readonly string[];
  readonly dryRun: boolean;
  readonly force: boolean;
  /** The state to wait for after the change. */
  readonly wait: AwaitedState | undefined;
  /** The end of the wait, on the scale of `Clock.now()`. */
  readonly until: number;
  /** For the log: the status or error code of each instance in a batch. */
  outcomes?: Readonly<Record<string, number | string>>;
}

export type AppContext = Koa.ParameterizedContext<RequestState>;
/** The context of a route after `readChange`. */
export type ChangeContext = Koa.ParameterizedContext<RequestState & { change: Change }>;
export type AppMiddleware = Koa.Middleware<RequestState>;

/** The name of the caller, as the log has it. */
export function callerOf({ state }: { state: Pick<RequestState, 'principal'> }): string | undefined {
  return state.principal?.name;
}
