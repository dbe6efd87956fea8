import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import { readTraceparent } from '../../telemetry/trace-context.ts';
import type { Tracer } from '../../telemetry/tracer.ts';
import type { RequestState } from '../context.ts';
import { Admission } from './admission.ts';
import { requestIdOf } from './request-id.ts';
import type { ClientAddress } from '../logging/client-address.ts';
import type { RequestLog } from '../logging/request-log.ts';
import type { RequestMetrics } from '../logging/request-metrics.ts';
import { describeRequestSpan } from '../logging/request-span.ts';

export interface PipelineOptions {
  /** Undefined to measure nothing. */
  readonly metrics?: RequestMetrics | undefined;
  /** Undefined to record no spans. */
  readonly tracer?: Tracer | undefined;
  /** Unlimited by default. */
  readonly admission?: Admission;
  /** For the spans. */
  readonly addressOf?: ClientAddress;
}

/** Contains the first and the last step of every request, for both the fast path and Koa. */
export class Pipeline {
  readonly admission: Admission;
  readonly #log: RequestLog;
  readonly #clock: Clock;
  readonly #metrics: RequestMetrics | undefined;
  readonly #tracer: Tracer | undefined;
  readonly #addressOf: ClientAddress;
  #inFlight = 0;
  #answered = 0;
  #internalErrors = 0;

  constructor(
    log: RequestLog,
    clock: Clock,
    { metrics, tracer, addressOf = () => '', admission = new Admission() }: PipelineOptions = {},
  ) {
    this.#log = log;
    this.#clock = clock;
    this.#metrics = metrics;
    this.#tracer = tracer;
    this.#addressOf = addressOf;
    this.admission = admission;
  }

  /** The number of requests whose response is not closed yet or whose handler is still running. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** The number of completed requests that were authenticated or failed with 500. */
  get answeredRequests(): number {
    return this.#answered;
  }

  /** The number of completed requests that failed with 500. */
  get internalErrors(): number {
    return this.#internalErrors;
  }

  /** Counts the request, admits it if there is room, and returns its state. Call `answered` once for each request. */
  admit(request: IncomingMessage, response: ServerResponse): RequestState {
    this.#inFlight += 1;
    const { traceparent } = request.headers;
    const parent = typeof traceparent === 'string' ? readTraceparent(traceparent) : undefined;
    const span = this.#tracer?.startServerSpan(parent);
    return {
      request,
      response,
      requestId: requestIdOf(request),
      startedAt: this.#clock.now(),
      admitted: this.admission.admit(),
      route: undefined,
      principal: undefined,
      traceContext: span?.context ?? parent,
      span,
    };
  }

  /** Ends the request, and logs it when its response is closed. Call this when the handler has finished. */
  answered(state: RequestState): void {
    const { request, response } = state;
    if (response.closed || request.socket.destroyed) this.#end(state);
    else if (response.socket === null) this.#endQueued(state);
    else
      response.on('close', () => {
        this.#end(state);
      });
  }

  /**
   * A response that is queued behind another response (pipelining) does not emit `close` if its connection closes
   * first.
   */
  #endQueued(state: RequestState): void {
    const { socket } = state.request;
    const end = (): void => {
      socket.off('close', end);
      state.response.off('close', end);
      this.#end(state);
    };
    socket.setMaxListeners(0).on('close', end);
    state.response.on('close', end);
  }

  #end(state: RequestState): void {
    this.#inFlight -= 1;
    if (state.admitted) this.admission.leave();
    state.changeSlot?.free();
    state.waiterSlot?.free();
    const isInternalError = state.response.statusCode === 500;
    if (isInternalError) this.#internalErrors += 1;
    if (isInternalError || state.principal !== undefined) this.#answered += 1;
    const now = this.#clock.now();
    this.#metrics?.observe(state, now - state.startedAt);
    this.#log.answered(state, now);
    state.span?.end(() => describeRequestSpan(state, this.#addressOf));
  }
}
