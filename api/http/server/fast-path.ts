import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Inventory } from '../../load-balancers/inventory/inventory.ts';
import { parseElbName } from '../../load-balancers/instance.ts';
import type { Authenticator } from '../../principals/principal.ts';
import type { Clock } from '../../clock.ts';
import { writeTraceparent } from '../../telemetry/trace-context.ts';
import type { ListAnswers } from '../answers/list-answer.ts';
import { forwardedOverHttp } from '../input/forwarded-proto.ts';
import { malformation } from '../input/well-formed.ts';
import type { Pipeline } from './pipeline.ts';

export interface FastPathDeps {
  readonly inventory: Inventory;
  readonly lists: ListAnswers;
  readonly callers: Pick<Authenticator, 'recall'>;
  readonly pipeline: Pipeline;
  readonly clock: Clock;
  /** Whether the application must handle requests that were sent over HTTP, because it redirects them. */
  readonly redirectHttp: boolean;
}

const prefix = '/elb/';

/**
 * Returns a listener that responds directly to a plain GET request for a fresh cached list. It passes all other
 * requests to the application: those with a query, Cache-Control or a condition, and those whose Authorization header
 * is not verified yet. Most requests take the fast path, because the Koa context, middleware and router take several
 * times as long as the response itself (see `npm run bench`).
 */
export function fastPath(application: RequestListener, deps: FastPathDeps): RequestListener {
  return (request, response) => {
    if (!answerFromCache(request, response, deps)) application(request, response);
  };
}

function answerFromCache(request: IncomingMessage, response: ServerResponse, deps: FastPathDeps): boolean {
  const { method, url = '', headers } = request;
  if (method !== 'GET' || !url.startsWith(prefix)) return false;
  if (headers['cache-control'] !== undefined || headers.pragma !== undefined) return false;
  if (headers['if-none-match'] !== undefined || headers['if-match'] !== undefined) return false;
  if (deps.redirectHttp && forwardedOverHttp(headers)) return false;
  if (malformation(request) !== undefined) return false;
  const elbName = parseElbName(url.slice(prefix.length));
  if (elbName === undefined) return false;
  const principal = deps.callers.recall(headers.authorization);
  if (principal === undefined) return false;
  const now = deps.clock.now();
  const list = deps.inventory.ready(elbName, now);
  if (list === undefined || !deps.pipeline.admission.hasRoom) return false;

  const answer = deps.lists.of(elbName, list, now);
  const state = deps.pipeline.admit(request, response);
  state.principal = principal;
  state.route = '/elb/:elbName';
  const { requestId, traceContext } = state;
  const traced = traceContext === undefined ? [] : ['traceparent', writeTraceparent(traceContext)];
  response.writeHead(200, ['X-Request-Id', requestId, ...traced, ...answer.headers]);
  response.end(answer.body);
  deps.pipeline.answered(state);
  return true;
}
