import type Koa from 'koa';
import type { Principal } from '../principals/principal.ts';
import type { AwsTrace } from '../telemetry.ts';

/** What middleware leaves on `ctx.state` for those around it. */
export interface RequestState {
  /** The caller's X-Request-Id where it is sane, else one of ours. */
  requestId: string;
  principal?: Principal;
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
