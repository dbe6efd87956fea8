import type { IncomingMessage, ServerResponse } from 'node:http';
import type Koa from 'koa';
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
  /** What a change is about, for the log. */
  change?: ChangeLog;
  /** Present where the answer is older than it may be, because AWS fails; for the log. */
  cache?: 'stale';
}

/** What the log has of a change beside its request. */
export interface ChangeLog {
  readonly elbName: string;
  readonly instanceIds: readonly string[];
  readonly dryRun: boolean;
  readonly force: boolean;
  /** The status or the error code of each instance; absent where the answer to the request is that of each. */
  outcomes?: Readonly<Record<string, number | string>>;
}

export type AppContext = Koa.ParameterizedContext<RequestState>;
export type AppMiddleware = Koa.Middleware<RequestState>;

/** The name of the caller, as the log has it. */
export function callerOf({ state }: { state: Pick<RequestState, 'principal'> }): string | undefined {
  return state.principal?.name;
}
