import { createServer, type RequestListener, type Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { Clock } from '../../clock.ts';

/** Longer than the 60 s idle timeout of a classic ELB, which otherwise reuses closed connections (nodejs/node#27363). */
const keepAliveTimeout = 65_000;
const headersTimeout = 70_000;
const requestTimeout = 90_000;

/** The idle timeout of kept-alive connections while the server is closing, in milliseconds. */
const idleWhileClosingMs = 5_000;
/** The timeout of requests in flight while the server is closing, in milliseconds. */
const maxCloseMs = 10_000;

export interface HttpServer {
  readonly server: Server;
  /** Stops listening, lets requests in flight finish within 10 s, and resolves when all connections are closed. */
  close(): Promise<void>;
}

/**
 * Returns a server for the application; the server does not listen yet, and aborts `closing` when it closes. Node answers
 * requests that its parser refuses (400, 408, 431, without a body) and closes their connection. It also closes the
 * connection of a CONNECT, and ignores the header Upgrade.
 */
export function createHttpServer(
  application: RequestListener,
  closing: AbortController,
  clock: Pick<Clock, 'after'>,
): HttpServer {
  // With these options, the application handles a missing or repeated Host and an unknown Expect.
  const fields = { requireHostHeader: false, joinDuplicateHeaders: true };
  const server = createServer({ keepAliveTimeout, headersTimeout, requestTimeout, ...fields }, application);
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
 * Closes only the listener at first (net.Server's close): http.Server.close() would close idle connections at once and
 * lose requests that are already sent. Each connection closes after its next response or the idle timeout.
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
