import type { IncomingMessage, ServerResponse } from 'node:http';
import type Koa from 'koa';
import type { DomainError } from '../errors.ts';
import type { ChangeOptions } from '../load-balancers/changes/change-options.ts';
import type { AwaitedState } from '../load-balancers/health/awaited-instance.ts';
import type { ElbName } from '../load-balancers/instance.ts';
import type { Principal } from '../principals/principal.ts';
import type { AwsTrace } from '../telemetry/aws-trace.ts';
import type { TraceContext } from '../telemetry/trace-context.ts';
import type { Span } from '../telemetry/tracer.ts';

/** The state of a request until its response is closed. Koa calls this `ctx.state`. */
export interface RequestState {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The X-Request-Id from the client if it is valid, otherwise a generated id. */
  readonly requestId: string;
  /** The arrival time, on the time scale of `Clock.now()`. */
  readonly startedAt: number;
  /** Whether the request arrived within the limit of requests in progress. */
  readonly admitted: boolean;
  /** Free once the change is made. */
  changeSlot?: Slot;
  /** Taken by a request with `wait`. */
  waiterSlot?: Slot;
  /** The path pattern of the matched route; undefined if no route matches. */
  route: string | undefined;
  /** Undefined until the caller is authenticated. */
  principal: Principal | undefined;
  /** The span of the request. Without a tracer, the span in its traceparent header, if that header is valid. */
  readonly traceContext: TraceContext | undefined;
  /** Undefined if there is no tracer. */
  readonly span: Span | undefined;
  /** Present after a route has started an operation that can call AWS. */
  trace?: AwsTrace;
  /** The error with which the request failed or, for a batch with a 5xx outcome, an instance failed; for the log. */
  error?: unknown;
  change?: Change;
  /** Present if the response is older than normally allowed because AWS calls fail; for the log. */
  cache?: 'stale';
}

/** The place of a request in a limit of requests in progress. */
export interface Slot {
  /** Frees the place; later calls have no effect. */
  free(): void;
}

/** The requested change. */
export interface Change extends ChangeOptions {
  readonly elbName: ElbName;
  /** The ids as the client sent them, including strings that are not instance ids. */
  readonly named: readonly string[];
  /** The elements of `named` that are instance ids. */
  readonly instanceIds: readonly string[];
  readonly dryRun: boolean;
  readonly force: boolean;
  /** The state to wait for after the change. */
  readonly wait: AwaitedState | undefined;
  /** The time at which the wait ends, on the time scale of `Clock.now()`. */
  readonly until: number;
  /** The status or error of each instance in a batch, for the log. */
  outcomes?: Readonly<Record<string, number | DomainError>>;
}

export type AppContext = Koa.ParameterizedContext<RequestState>;
/** The context of a route after `readChange`. */
export type ChangeContext = Koa.ParameterizedContext<RequestState & { change: Change }>;
export type AppMiddleware = Koa.Middleware<RequestState>;

/** Returns the name of the authenticated caller, for the log. */
export function callerOf({ state }: { state: Pick<RequestState, 'principal'> }): string | undefined {
  return state.principal?.name;
}
