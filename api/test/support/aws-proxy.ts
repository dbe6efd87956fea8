import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface AwsProxy {
  readonly url: string;
  close(): void;
}

interface AwsAnswer {
  readonly status: number;
  readonly xml: string;
}

/**
 * Starts a proxy in front of AWS. `answer` returns the response to a request with this body; `send` sends the request to
 * AWS and returns its response.
 */
export async function startAwsProxy(
  awsUrl: string,
  answer: (send: () => Promise<AwsAnswer>, body: string) => Promise<AwsAnswer>,
): Promise<AwsProxy> {
  const server = createServer((incoming, response) => {
    const { authorization = '', 'content-type': type = '' } = incoming.headers;
    const headers = { Authorization: authorization, 'Content-Type': type };
    const respond = async () => {
      const body = await text(incoming);
      const { status, xml } = await answer(() => forward(awsUrl, headers, body), body);
      response.writeHead(status, { 'content-type': 'text/xml' }).end(xml);
    };
    respond().catch(() => incoming.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
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
