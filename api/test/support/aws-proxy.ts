import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { type LocalServer, startLocalServer } from './local-server.ts';

interface AwsAnswer {
  readonly status: number;
  readonly xml: string;
}

/**
 * Starts a proxy in front of AWS. `answer` returns the response to a request with this body; `send` sends the request to
 * AWS and returns its response.
 */
export function startAwsProxy(
  awsUrl: string,
  answer: (send: () => Promise<AwsAnswer>, body: string) => Promise<AwsAnswer>,
): Promise<LocalServer> {
  return startLocalServer((incoming, response) => {
    const { authorization = '', 'content-type': type = '' } = incoming.headers;
    const headers = { Authorization: authorization, 'Content-Type': type };
    const respond = async () => {
      const body = await text(incoming);
      const { status, xml } = await answer(() => forward(awsUrl, headers, body), body);
      response.writeHead(status, { 'content-type': 'text/xml' }).end(xml);
    };
    respond().catch(() => incoming.destroy());
  });
}

/** Uses `node:http`, because `watchLoopback` does not count the requests of fetch. */
function forward(url: string, headers: Record<string, string>, body: string): Promise<AwsAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', agent: false, headers }, (incoming) => {
      text(incoming).then((xml) => {
        resolve({ status: incoming.statusCode ?? 0, xml });
      }, reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
