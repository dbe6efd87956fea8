import { createServer, type RequestListener, type Server } from 'node:http';
import { Server as NetServer } from 'node:net';

/** Above the 60 s after which a classic ELB gives an idle connection up; else it sends requests into closed ones (nodejs/node#27363). */
const keepAliveTimeout = 65_000;
const headersTimeout = 70_000;
const requestTimeout = 90_000;

/** How long a connection that was kept alive may stay idle once the server is closing, in milliseconds. */
const idleWhileClosingMs = 5_000;
/** How long answers on their way may take once the server is closing, in milliseconds. */
const maxCloseMs = 10_000;

export interface HttpServer {
  readonly server: Server;
  /** Stops listening, lets what is in flight finish (at most 10 s), and resolves when no connection is left. */
  close(): Promise<void>;
}

/**
 * Returns a server, not yet listening, that answers with the application given and informs it when it closes.
 * Node answers what its parser refuses (400, 408, 431, without a body) and closes the connection. It also closes the
 * connection of a CONNECT, and serves an Upgrade as the request that it would be without that header.
 */
export function createHttpServer(application: RequestListener, closing: AbortController): HttpServer {
  // With these, the application answers a missing or repeated Host and an unknown Expect, in the envelope.
  const fields = { requireHostHeader: false, joinDuplicateHeaders: true };
  const server = createServer({ keepAliveTimeout, headersTimeout, requestTimeout, ...fields }, application);
  server.on('checkExpectation', application);
  return {
    server,
    close: () => {
      closing.abort();
      return closeGently(server);
    },
  };
}

/**
 * http.Server.close() also cuts idle kept connections at once, and a request already on its way is lost. So the
 * listener alone is closed (net.Server's close), and each connection ends with its next answer or after idle seconds.
 */
function closeGently(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.prependListener('request', (_request, response) => {
      response.shouldKeepAlive = false;
    });
    const timers = [
      setTimeout(() => {
        server.closeIdleConnections();
      }, idleWhileClosingMs),
      setTimeout(() => {
        server.closeAllConnections();
      }, maxCloseMs),
    ];
    NetServer.prototype.close.call(server, () => {
      timers.forEach(clearTimeout);
      resolve();
    });
  });
}
