import { DomainError } from '../../errors.ts';
import type { SpanEnd } from '../../telemetry/tracer.ts';
import type { RequestState } from '../context.ts';
import type { ClientAddress } from './client-address.ts';
import { methodOf } from './request-metrics.ts';

/** The maximum length of a value, in characters, because clients control these values. */
const maxLength = 256;

/**
 * Returns the description of the span for a completed request. The names follow
 * https://opentelemetry.io/docs/specs/semconv/http/http-spans/. A server span has failed only if the status is 5xx.
 */
export function describeRequestSpan(state: RequestState, addressOf: ClientAddress): SpanEnd {
  const { request, response, route, principal, error, requestId } = state;
  const method = methodOf(request);
  const status = response.statusCode;
  const failed = status >= 500;
  return {
    name: route === undefined ? method : `${method} ${route}`,
    attributes: {
      'http.request.method': method,
      'http.request.method_original': method === request.method ? undefined : request.method,
      'http.route': route,
      'http.response.status_code': status,
      'url.scheme': 'http',
      'url.path': request.url?.split('?', 1)[0]?.slice(0, maxLength),
      'network.protocol.version': request.httpVersion,
      'client.address': addressOf(request),
      'user_agent.original': request.headers['user-agent']?.slice(0, maxLength),
      'user.name': principal?.name,
      'error.type': failed ? (error instanceof DomainError ? error.code : String(status)) : undefined,
      'elb_inventory.request_id': requestId,
    },
    failed,
  };
}
