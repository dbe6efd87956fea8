import http, { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';

export interface RequestHandlerOptions {
  readonly connectTimeoutMs: number;
  /** Applies to each attempt. */
  readonly answerTimeoutMs: number;
  /** PEM certificates to trust instead of Node's own. */
  readonly caBundle?: string | undefined;
  /** Whether to ignore the proxy settings of the environment. */
  readonly direct?: boolean;
}

type Handle = NodeHttpHandler['handle'];

/**
 * Sends the SDK's requests over persistent connections, through the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY select.
 * The SDK has no option for proxies, and NODE_USE_ENV_PROXY of Node 24 applies to Node's own agents only.
 */
export class RequestHandler {
  readonly #options: RequestHandlerOptions;
  readonly #handlers = new Map<string, NodeHttpHandler>();

  constructor(options: RequestHandlerOptions) {
    this.#options = options;
    // The SDK reads instance metadata through Node's global agent, which must not use a proxy.
    if (options.direct !== true) http.globalAgent = new HttpAgent({ keepAlive: true });
  }

  handle(...[request, options]: Parameters<Handle>): ReturnType<Handle> {
    const { protocol, hostname, port } = request;
    const url = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;
    const proxy = this.#options.direct === true ? '' : getProxyForUrl(url);
    let handler = this.#handlers.get(proxy);
    if (handler === undefined) {
      handler = this.#handlerThrough(proxy);
      this.#handlers.set(proxy, handler);
    }
    return handler.handle(request, options);
  }

  #handlerThrough(proxy: string): NodeHttpHandler {
    const { connectTimeoutMs, answerTimeoutMs, caBundle } = this.#options;
    const tls = { keepAlive: true, ...(caBundle !== undefined && { ca: caBundle }) };
    const tlsAgent = proxy === '' ? new HttpsAgent(tls) : new HttpsProxyAgent(proxy, tls);
    // HttpsProxyAgent applies its options only to the connection to the proxy.
    Object.assign(tlsAgent.options, tls);
    return new NodeHttpHandler({
      connectionTimeout: connectTimeoutMs,
      requestTimeout: answerTimeoutMs,
      // requestTimeout ends with the response headers; socketTimeout also covers the body.
      socketTimeout: answerTimeoutMs,
      throwOnRequestTimeout: true,
      httpAgent:
        proxy === '' ? new HttpAgent({ keepAlive: true }) : new HttpProxyAgent(proxy, { keepAlive: true }),
      httpsAgent: tlsAgent,
    });
  }
}
