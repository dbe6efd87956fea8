import type { ServerResponse } from 'node:http';
import type { Cut, Replacement } from '../faults.ts';
import type { Answer } from './query-protocol.ts';

export function send(response: ServerResponse, { status, requestId, body }: Answer): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headersOf(requestId), 'content-length': bytes.length });
  response.end(bytes);
}

/** Sends the beginning of a response without Content-Length, and ends the connection as `cut` specifies. */
export function sendCut(
  response: ServerResponse,
  { status, requestId, body }: Answer,
  { at, by, then = '' }: Cut,
): void {
  const bytes = Buffer.from(body);
  const { socket } = response;
  // Without a length or chunks, the end of the connection ends the response (RFC 9112, 6.3).
  response.useChunkedEncodingByDefault = false;
  response.shouldKeepAlive = false;
  response.writeHead(status, headersOf(requestId));
  response.flushHeaders();
  const kept = bytes.subarray(0, at < 1 ? Math.floor(at * bytes.length) : at);
  const sent = Buffer.concat([kept, Buffer.from(then)]);
  // `write` calls back when the operating system has accepted the bytes.
  const finish = (): void => {
    if (by === 'reset') socket?.resetAndDestroy();
    else if (by !== 'stall') response.end();
  };
  if (sent.length === 0) finish();
  else response.write(sent, finish);
}

export function sendReplacement(response: ServerResponse, replacement: Replacement): void {
  const { status = 200, contentType = 'text/html', body = '' } = replacement;
  response.writeHead(status, { 'content-type': contentType });
  response.end(body);
}

function headersOf(requestId: string): Record<string, string> {
  return { 'x-amzn-RequestId': requestId, 'content-type': 'text/xml;charset=UTF-8' };
}
