import { IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

const requestLine = /^(\S+) (\S+) HTTP\/1\.[01]$/;

/**
 * Hands a request to the application whose method Node's parser does not know, so that it is answered as any other
 * method a path lacks, after a look at its credentials. Returns whether the packet held such a request's whole head.
 */
export function answerInventedMethod(packet: Buffer, socket: Duplex, application: RequestListener): boolean {
  if (!(socket instanceof Socket)) return false;
  const [head = '', ...rest] = packet.toString('latin1').split('\r\n\r\n');
  const [first = '', ...fields] = head.split('\r\n');
  const [, method, url] = requestLine.exec(first) ?? [];
  if (rest.length === 0 || method === undefined || url === undefined) return false;

  const request = new IncomingMessage(socket);
  // Methods are case-sensitive (RFC 9110, 9.1), but the router is not: quoted, get is not taken for GET.
  request.method = method === method.toUpperCase() ? method : `"${method}"`;
  request.url = url;
  request.httpVersion = '1.1';
  for (const field of fields) {
    const colon = field.indexOf(':');
    request.headers[field.slice(0, colon).toLowerCase()] = field.slice(colon + 1).trim();
  }
  request.push(null);
  answerLast(request, socket, application);
  return true;
}

/** Has the application answer on a connection that Node's server has given up; the connection ends with that. */
export function answerLast(request: IncomingMessage, socket: Socket, application: RequestListener): void {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.on('finish', () => socket.end());
  application(request, response);
}
