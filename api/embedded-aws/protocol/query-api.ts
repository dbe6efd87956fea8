import type { IncomingMessage, ServerResponse } from 'node:http';
import { findAction } from '../actions/actions.ts';
import { AwsError } from './aws-error.ts';
import { readBody } from './read-body.ts';
import type { CallLog } from '../call-log.ts';
import type { HostClock } from '../region/clock.ts';
import type { Effect, Faults, Replacement } from '../faults.ts';
import { ThrottlingError, type RateLimits } from '../rate-limits.ts';
import type { Region } from '../region/region.ts';
import { send, sendCut, sendReplacement } from './send.ts';
import {
  errorAnswer,
  Query,
  readAction,
  readScope,
  successAnswer,
  unknownAction,
  type Answer,
  type Scope,
} from './query-protocol.ts';

/** `latencyMs` is the minimum latency of every call. */
export interface QueryApiDeps {
  readonly region: Region;
  readonly faults: Faults;
  readonly calls: CallLog;
  readonly rateLimits: RateLimits | undefined;
  readonly latencyMs: number;
  readonly clock: HostClock;
}

/** The maximum size of a body. 1,000 ids have about 60 KB. */
const MAX_BODY = 1024 * 1024;

/** Responds to a request from an AWS client. Throws the errors of the connection. */
export async function handleQuery(deps: QueryApiDeps, request: IncomingMessage, response: ServerResponse) {
  let scope: Scope = { service: 'elb', region: undefined };
  try {
    const query = await readQuery(request);
    scope = readScope(query, request.headers.authorization);
    await handleCall(deps, scope, query, request, response);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    send(response, errorAnswer(scope.service, error));
  }
}

async function handleCall(
  deps: QueryApiDeps,
  scope: Scope,
  query: Query,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const name = query.get('Action') ?? 'none';
  const end = deps.calls.begin(scope.service, name);
  const { latencyMs, answerLatencyMs, outcome, cut } = deps.faults.effectOn(scope.service, name);
  response.once('close', () => {
    end(outcome === 'silent' ? 'Silent' : 'Aborted');
  });
  // As with network latency, half of it passes before the call takes effect.
  const half = (deps.latencyMs + latencyMs) / 2;
  await wait(deps.clock, half);
  if (outcome === 'silent') return;
  const replacement = isReplacement(outcome) ? outcome : undefined;
  const hasNoEffect = outcome === 'reset' || (replacement !== undefined && replacement.made !== true);
  const answer = hasNoEffect ? undefined : act(deps, scope, query, outcome);
  await wait(deps.clock, half + answerLatencyMs);
  if (outcome === 'reset' || outcome === 'resetAfter') {
    end('Reset');
    request.socket.resetAndDestroy();
    return;
  }
  if (replacement !== undefined) {
    end('Replaced');
    sendReplacement(response, replacement);
    return;
  }
  if (answer === undefined) return;
  end(answer.error?.code ?? (cut ? 'Cut' : 'OK'), answer.error instanceof ThrottlingError);
  if (cut) sendCut(response, answer, cut);
  else send(response, answer);
}

function isReplacement(outcome: Effect['outcome']): outcome is Replacement {
  return typeof outcome === 'object' && !(outcome instanceof AwsError);
}

function act(
  { region, rateLimits }: QueryApiDeps,
  scope: Scope,
  query: Query,
  outcome: Effect['outcome'],
): Answer & { error?: AwsError } {
  const { service } = scope;
  try {
    if (outcome instanceof AwsError) throw outcome;
    const name = readAction(query, scope, region.name);
    const action = findAction(service, name);
    if (!action) throw unknownAction(service, name, query.get('Version'));
    rateLimits?.spend(service, name, query);
    return successAnswer(service, name, action(region, query));
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return { ...errorAnswer(service, error), error };
  }
}

/** @throws AwsError MethodNotAllowed, RequestEntityTooLarge */
async function readQuery(request: IncomingMessage): Promise<Query> {
  if (request.method === 'GET') return new Query(new URLSearchParams(request.url?.split('?', 2)[1]));
  if (request.method !== 'POST')
    throw new AwsError('MethodNotAllowed', 'The query protocol supports GET and POST.');
  const body = await readBody(request, MAX_BODY);
  if (body === undefined)
    throw new AwsError('RequestEntityTooLarge', `The request is larger than ${MAX_BODY} bytes.`);
  return new Query(new URLSearchParams(body));
}

async function wait(clock: HostClock, ms: number): Promise<void> {
  if (ms > 0)
    await new Promise<void>((resolve) => {
      clock.after(ms, resolve);
    });
}
