import { createServer, type RequestListener, type Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { Clock } from '../../clock.ts';

/** In milliseconds. Node.js closes connections that exceed `headersTimeout` or `requestTimeout` at its next check. */
const defaultTimeouts = {
  /**
   * Longer than the 60 s idle timeout of a Classic Load Balancer, which could otherwise send a request on a connection
   * that the server has just closed (nodejs/node#27363).
   */
  keepAliveTimeout: 65_000,
  headersTimeout: 70_000,
  requestTimeout: 90_000,
  connectionsCheckingInterval: 10_000,
  /**
   * The time without any byte in either direction, for clients that do not read. Longer than the longest `wait` and its
   * AWS calls.
   */
  idleTimeout: 120_000,
};

/** The idle timeout of keep-alive connections while the server closes, in milliseconds. */
const idleWhileClosingMs = 5_000;
/** The maximum time for requests in flight while the server closes, in milliseconds. */
const maxCloseMs = 10_000;

export interface HttpServer {
  readonly server: Server;
  /** Stops listening, lets requests in flight complete within 10 s, and resolves when all connections are closed. */
  close(): Promise<void>;
}

/**
 * Returns a server for the application. The server does not listen yet. It aborts `closing` when it closes. Node.js
 * itself responds to requests that its parser rejects (400, 408 or 431, without a body) and closes their connections.
 * It also closes the connection after a CONNECT request, and ignores the Upgrade header.
 */
export function createHttpServer(
  application: RequestListener,
  closing: AbortController,
  clock: Pick<Clock, 'after'>,
  { idleTimeout, ...timeouts } = defaultTimeouts,
): HttpServer {
  // With these options, the application itself handles a missing or repeated Host header and an unknown Expect header.
  const fields = { requireHostHeader: false, joinDuplicateHeaders: true };
  const server = createServer({ ...timeouts, ...fields }, application);
  server.timeout = idleTimeout;
  server.on('checkExpectation', application);
  return {
    server,
    close: () => {
      closing.abort();
      return closeGently(server, clock);
    },
  };
}

/**
 * At first, closes only the listener (with close() of net.Server): http.Server.close() would immediately close idle
 * connections and lose requests that clients have already sent. Each connection closes after its next response or after
 * the idle timeout.
 */
function closeGently(server: Server, clock: Pick<Clock, 'after'>): Promise<void> {
  return new Promise((resolve) => {
    server.prependListener('request', (_request, response) => {
      response.shouldKeepAlive = false;
    });
    const cancels = [
      clock.after(idleWhileClosingMs, () => {
        server.closeIdleConnections();
      }),
      clock.after(maxCloseMs, () => {
        server.closeAllConnections();
      }),
    ];
    NetServer.prototype.close.call(server, () => {
      cancels.forEach((cancel) => {
        cancel();
      });
      resolve();
    });
  });
}
