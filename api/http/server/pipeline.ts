import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import type { RequestState } from '../context.ts';
import { requestIdOf } from './request-id.ts';
import type { RequestLog } from '../logging/request-log.ts';

/** The first and the last step of every request, on the fast path and through Koa alike. */
export class Pipeline {
  readonly #log: RequestLog;
  readonly #clock: Clock;
  #inFlight = 0;

  constructor(log: RequestLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** How many requests are admitted whose responses are not closed, or whose handlers still run. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Counts the request, and returns its state with an id. Each admitted request needs one call of `answered`. */
  admit(request: IncomingMessage, response: ServerResponse): RequestState {
    this.#inFlight += 1;
    return {
      request,
      response,
      requestId: requestIdOf(request),
      startedAt: this.#clock.now(),
      route: undefined,
      principal: undefined,
    };
  }

  /** Takes the request of a handler that is done: logs it once its response is closed, which ends its being in flight. */
  answered(state: RequestState): void {
    const { request, response } = state;
    if (response.closed || request.socket.destroyed) this.#end(state);
    else if (response.socket === null) this.#endQueued(state);
    else
      response.on('close', () => {
        this.#end(state);
      });
  }

  /** A response that waits for an earlier one of its connection (pipelining) emits no `close` if the connection ends first. */
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
    this.#log.answered(state);
  }
}
