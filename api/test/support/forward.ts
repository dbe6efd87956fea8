import { request } from 'node:http';
import { text } from 'node:stream/consumers';

/**
 * Sends a POST to AWS in the same way as a proxy, and returns the response. Uses `node:http`, because `watchLoopback`
 * does not count the requests of fetch.
 */
export function forward(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer | string,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', agent: false, headers }, (incoming) => {
      text(incoming).then((answer) => {
        resolve({ status: incoming.statusCode ?? 0, text: answer });
      }, reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
