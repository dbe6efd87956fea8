import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Inventory } from '../../load-balancers/inventory/inventory.ts';
import { parseElbName } from '../../load-balancers/instance.ts';
import type { Authenticate } from '../../principals/principal.ts';
import type { Clock } from '../../clock.ts';
import type { ListAnswers } from '../answers/list-answer.ts';
import { isHost } from '../input/host.ts';
import type { Pipeline } from './pipeline.ts';

export interface FastPathDeps {
  readonly inventory: Inventory;
  readonly lists: ListAnswers;
  readonly authenticate: Authenticate;
  readonly pipeline: Pipeline;
  readonly clock: Clock;
}

const prefix = '/elb/';

/**
 * Puts a short way in front of the application for the plain GET of a list that is known and fresh, which is nearly
 * every request: Koa's context, its middleware and the router would cost several times what the answer itself does
 * (`npm run bench` shows it). Who asks for more (a query, Cache-Control, If-None-Match) or may not ask goes the ordinary
 * way, to the same answer.
 */
export function fastPath(application: RequestListener, parts: FastPathDeps): RequestListener {
  return (request, response) => {
    if (!answerFromCache(request, response, parts)) application(request, response);
  };
}

function answerFromCache(request: IncomingMessage, response: ServerResponse, parts: FastPathDeps): boolean {
  const { method, url = '', headers } = request;
  if (method !== 'GET' || !url.startsWith(prefix)) return false;
  if (headers['cache-control'] !== undefined || headers.pragma !== undefined) return false;
  if (headers['if-none-match'] !== undefined || headers['if-match'] !== undefined) return false;
  if (headers.host === undefined || !isHost(headers.host)) return false;
  const elbName = parseElbName(url.slice(prefix.length));
  if (elbName === undefined) return false;
  const principal = parts.authenticate(headers.authorization);
  if (principal === undefined) return false;
  const now = parts.clock.now();
  const list = parts.inventory.ready(elbName, now);
  if (list === undefined) return false;

  const state = parts.pipeline.admit(request, response);
  state.principal = principal;
  state.route = '/elb/:elbName';
  const answer = parts.lists.of(elbName, list, now);
  response.writeHead(200, ['X-Request-Id', state.requestId, ...answer.headers]);
  response.end(answer.body);
  parts.pipeline.answered(state);
  return true;
}
