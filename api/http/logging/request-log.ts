import { DomainError } from '../../errors.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Clock } from '../../clock.ts';
import type { ClientAddress } from './client-address.ts';
import type { Change, RequestState } from '../context.ts';
import { RequestSummary } from './request-summary.ts';

/** A request that takes at least this many milliseconds always has its own log line. */
const slowMs = 1000;

/** The maximum number of lines per second for unauthenticated requests, which anyone can send. */
const maxAnonymousLines = 10;

/**
 * Writes one log line for each request. Above `maxPerSecond` lines, successful reads are summarized in one line per
 * second, because writing a line takes longer than a read. Above `maxAnonymousLines` per second, unauthenticated
 * requests are also summarized, even if they fail.
 */
export class RequestLog {
  readonly #logger: Logger;
  readonly #addressOf: ClientAddress;
  readonly #lines: LineLimit;
  readonly #anonymousLines = new LineLimit(maxAnonymousLines);
  readonly #guessLines = new LineLimit(maxAnonymousLines);
  readonly #reads: RequestSummary;
  readonly #anonymous: RequestSummary;
  #suppressed = 0;

  constructor(logger: Logger, maxPerSecond: number, addressOf: ClientAddress, clock: Clock) {
    this.#logger = logger;
    this.#addressOf = addressOf;
    this.#lines = new LineLimit(maxPerSecond);
    this.#reads = new RequestSummary(logger, clock);
    this.#anonymous = new RequestSummary(logger, clock, 'requests without credentials');
  }

  /** The number of requests without their own log line. */
  get suppressed(): number {
    return this.#suppressed;
  }

  /** Logs a request whose response was closed at `now`, on the time scale of `Clock.now()`. */
  answered(state: RequestState, now: number): void {
    const { request, response, route, principal, startedAt, error } = state;
    const status = response.statusCode;
    const durationMs = now - startedAt;
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const isOrdinary = isRead && status < 400 && durationMs < slowMs;
    const mayHaveLine = this.#lines.allows(now);
    const unlogged = error instanceof DomainError ? error.details.unlogged : undefined;
    // Other requests of the same second do not prevent the one line about an address that guesses.
    const anonymous = unlogged === undefined ? this.#anonymousLines : this.#guessLines;
    const isExcess = unlogged === true || (principal === undefined && !anonymous.allows(now));
    if (!isExcess && (mayHaveLine || !isOrdinary)) {
      this.#logger[isFailure(status, error) ? 'error' : 'info'](
        describe(state, this.#addressOf, durationMs),
        'request',
      );
      return;
    }
    this.#suppressed += 1;
    if (isOrdinary) this.#reads.count(route ?? 'none', status, principal?.name, durationMs);
    else this.#anonymous.count(route ?? 'none', status, undefined, durationMs);
  }

  flush(): void {
    this.#reads.flush();
    this.#anonymous.flush();
  }
}

class LineLimit {
  readonly #max: number;
  #second = 0;
  #count = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Returns true if another line may be written in the second that contains `now`. */
  allows(now: number): boolean {
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#count = 0;
    }
    return ++this.#count <= this.#max;
  }
}

function describe(
  { request, response, requestId, route, principal, trace, traceContext, error, change, cache }: RequestState,
  addressOf: ClientAddress,
  durationMs: number,
): object {
  const status = response.statusCode;
  const path = (request.url ?? '').split('?', 1)[0]?.slice(0, 256);
  return {
    method: request.method?.slice(0, 32),
    route: route ?? path,
    ...(route?.includes(':') === true && { path }),
    status,
    durationMs: Math.round(durationMs * 10) / 10,
    principal: principal?.name,
    client: addressOf(request),
    requestId,
    ...(traceContext !== undefined && { traceId: traceContext.traceId, spanId: traceContext.spanId }),
    awsMs: Math.round((trace?.time.ms ?? 0) * 10) / 10,
    awsCalls: trace?.time.calls ?? 0,
    ...(cache !== undefined && { cache }),
    ...(change !== undefined && describeChange(change, error, status)),
    // The connection was closed before the response was sent, so the client did not receive this status.
    ...(request.socket.destroyed && { clientGone: true }),
    ...(trace !== undefined && {
      awsRequestIds: [...new Set([...trace.requestIds, ...failedAwsRequests(error, change)])],
    }),
    ...(error instanceof DomainError &&
      error.details.authFailure !== undefined && { authFailure: error.details.authFailure }),
    ...(error !== undefined &&
      (isFailure(status, error) ? { err: error } : { reason: (error as Error).message })),
  };
}

function describeChange(
  { elbName, instanceIds, dryRun, force, outcomes }: Change,
  error: unknown,
  status: number,
): object {
  const outcome = error instanceof DomainError ? error : status;
  const ended = outcomes ?? Object.fromEntries(instanceIds.map((id) => [id, outcome]));
  return {
    elbName,
    instanceIds,
    dryRun,
    force,
    outcomes: Object.fromEntries(
      Object.entries(ended).map(([id, end]) => [id, end instanceof DomainError ? end.code : end]),
    ),
  };
}

/** A batch (207) has an error only if an instance failed with a 5xx. */
function isFailure(status: number, error: unknown): boolean {
  return status >= 500 || (status === 207 && error !== undefined);
}

function failedAwsRequests(error: unknown, change: Change | undefined): string[] {
  return [error, ...Object.values(change?.outcomes ?? {})].flatMap((failure) =>
    failure instanceof DomainError ? (failure.details.awsRequestId ?? []) : [],
  );
}
