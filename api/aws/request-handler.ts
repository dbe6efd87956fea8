import http, { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';

export interface RequestHandlerOptions {
  /** Milliseconds until a connection must stand. */
  readonly connectTimeoutMs: number;
  /** Milliseconds until one attempt must be answered. */
  readonly answerTimeoutMs: number;
  /** The PEM certificates to trust in place of Node's own, as AWS_CA_BUNDLE has them. */
  readonly caBundle?: string | undefined;
  /** Whether no proxy is used whatever the environment has: for an AWS in this process. */
  readonly direct?: boolean;
}

type Handle = NodeHttpHandler['handle'];

/**
 * Sends the SDK's requests over connections that are kept, through the proxy that the environment names for their host
 * (HTTPS_PROXY, HTTP_PROXY, NO_PROXY). The SDK has no option for that, and NODE_USE_ENV_PROXY of Node 24 changes
 * Node's own agents only.
 */
export class RequestHandler {
  readonly #options: RequestHandlerOptions;
  readonly #handlers = new Map<string, NodeHttpHandler>();

  constructor(options: RequestHandlerOptions) {
    this.#options = options;
    // The SDK reads the instance metadata through Node's own agent, which must not go through a proxy either.
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
    // The proxy's agent takes its own options for the connection to the proxy alone.
    Object.assign(tlsAgent.options, tls);
    return new NodeHttpHandler({
      connectionTimeout: connectTimeoutMs,
      requestTimeout: answerTimeoutMs,
      // The timeout above ends with the head of the answer, this one holds for its body as well.
      socketTimeout: answerTimeoutMs,
      throwOnRequestTimeout: true,
      httpAgent:
        proxy === '' ? new HttpAgent({ keepAlive: true }) : new HttpProxyAgent(proxy, { keepAlive: true }),
      httpsAgent: tlsAgent,
    });
  }
}
