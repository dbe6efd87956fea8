import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { answerInventedMethod, answerLast } from './invented-method.ts';
import { presentText } from './presenters.ts';

/** Above the 60 s after which a classic ELB gives an idle connection up; else it sends requests into closed ones (nodejs/node#27363). */
const keepAliveTimeout = 65_000;
const headersTimeout = 70_000;
const requestTimeout = 90_000;

/** How long a connection that was kept alive may stay idle once the server is closing, in milliseconds. */
const idleWhileClosing = 5_000;
/** How long answers on their way may take once the server is closing, in milliseconds. */
const longestClose = 10_000;

export interface HttpServer {
  readonly server: Server;
  /** Stops listening, lets what is in flight finish (at most 10 s), and resolves when no connection is left. */
  close(): Promise<void>;
}

/** Returns a server, not yet listening, that answers with the application given and tells it when it closes. */
export function createHttpServer(application: RequestListener, closing: AbortController): HttpServer {
  // Without these two, and CONNECT, Node would answer by itself, and without an envelope.
  const server = createServer(
    { keepAliveTimeout, headersTimeout, requestTimeout, requireHostHeader: false },
    application,
  );
  server.on('checkExpectation', application);
  server.on('connect', (request, socket) => {
    if (socket instanceof Socket) answerLast(request, socket, application);
  });
  server.on('clientError', (error: ClientError, socket) => {
    answerClientError(error, socket, application);
  });
  return {
    server,
    close: () => {
      closing.abort();
      return closeGently(server);
    },
  };
}

interface ClientError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
}

function answerClientError(error: ClientError, socket: Duplex, application: RequestListener): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  // Behind a whole request, on the same connection, came a broken one: the answer to the first, still on its way, is the last.
  const { _httpMessage: underWay } = socket as Duplex & { _httpMessage?: ServerResponse | null };
  if (underWay?.req.complete) {
    underWay.shouldKeepAlive = false;
    return;
  }
  const inventedMethod = error.code === 'HPE_INVALID_METHOD' && error.rawPacket !== undefined;
  if (inventedMethod && answerInventedMethod(error.rawPacket, socket, application)) return;
  const [status, message] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [
          '431 Request Header Fields Too Large',
          'the header is larger than 16 KiB; send fewer or shorter fields',
        ]
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'the request took too long to arrive; send it again']
        : ['400 Bad Request', 'this is not an HTTP/1.1 request; check its request line and header'];
  const body = JSON.stringify(presentText(message));
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
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
      }, idleWhileClosing),
      setTimeout(() => {
        server.closeAllConnections();
      }, longestClose),
    ];
    NetServer.prototype.close.call(server, () => {
      timers.forEach(clearTimeout);
      resolve();
    });
  });
}
