import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { type EmbeddedAws, startEmbeddedAws } from '../../embedded-aws/server.ts';
import { createHttpServer } from '../../http/http-server.ts';
import { type Service, startService, token } from '../support/service.ts';
import { RawConnection } from './raw-connection.ts';

const authorized = `Authorization: Basic ${token}`;

describe('What Node cannot parse', () => {
  let aws: EmbeddedAws;
  let service: Service;
  before(async () => {
    aws = await startEmbeddedAws();
    service = await startService(aws.url);
  });
  after(async () => {
    await service.close();
    await aws.close();
  });

  /** Sends the lines, with an empty one after them, and returns the answer, after which the connection must end. */
  async function answerTo(...lines: string[]) {
    const connection = new RawConnection(service.url);
    connection.send(...lines, '', '');
    await connection.ended;
    const [head = '', ...bodies] = connection.received.split('\r\n\r\n');
    const [statusLine = '', ...fields] = head.split('\r\n');
    const headers = new Headers(fields.map((field) => field.split(': ') as [string, string]));
    assert.equal(headers.get('connection'), 'close');
    const text = bodies.join('\r\n\r\n');
    assert.equal(Number(headers.get('content-length')), Buffer.byteLength(text));
    assert.match(headers.get('content-type')!, /^application\/json/);
    const { message } = JSON.parse(text) as { message: string };
    return { status: Number(statusLine.split(' ')[1]), headers, message };
  }

  for (const path of ['/elb/default-elb', '/no-such-path', '/healthcheck'])
    it(`is answered 401 without credentials, as an invented method on ${path}`, async () => {
      const { status, headers, message } = await answerTo(`FOO ${path} HTTP/1.1`, 'Host: x');
      assert.equal(status, 401);
      assert.match(headers.get('www-authenticate')!, /^Basic realm="elb-inventory"/);
      assert.match(message, /credentials are needed/);
    });

  it('is answered 401 without credentials, as a method in small letters', async () => {
    assert.equal((await answerTo('get /elb/default-elb HTTP/1.1', 'Host: x')).status, 401);
  });

  const invented: [line: string, status: number, allow: string | null][] = [
    ['FOO /elb/default-elb HTTP/1.1', 405, 'DELETE, GET, HEAD, POST'],
    ['GETT /elb/default-elb HTTP/1.0', 405, 'DELETE, GET, HEAD, POST'],
    ['FOO /healthcheck HTTP/1.1', 405, 'GET, HEAD'],
    ['FOO /no-such-path HTTP/1.1', 404, null],
    ['get /no-such-path HTTP/1.1', 404, null],
  ];
  for (const [line, status, allow] of invented)
    it(`is answered ${status} with credentials, as ${line}`, async () => {
      const answer = await answerTo(line, 'Host: x', authorized, 'X-Request-Id: invented-1');
      assert.equal(answer.status, status);
      assert.equal(answer.headers.get('allow'), allow);
      assert.equal(answer.headers.get('x-request-id'), 'invented-1');
      if (allow !== null) assert.match(answer.message, new RegExp(`is not allowed .*; use ${allow}$`));
    });

  const malformed: [what: string, lines: string[], status: number, says: RegExp][] = [
    ['garbage', ['garbage'], 400, /not an HTTP\/1.1 request/],
    ['the start of TLS', ['\u0016\u0003\u0001\u0002'], 400, /not an HTTP\/1.1 request/],
    ['a blank in a field name', ['GET / HTTP/1.1', 'Host: x', 'X Y: z'], 400, /check its request line/],
    ['two lengths', ['POST / HTTP/1.1', 'Host: x', 'Content-Length: 1', 'Content-Length: 2'], 400, /header/],
    ['an invented method and version', ['FOO / HTTP/9.9', 'Host: x', authorized], 400, /HTTP\/1.1/],
    ['an endless header', ['GET / HTTP/1.1', `X: ${'y'.repeat(20_000)}`], 431, /larger than 16 KiB/],
  ];
  for (const [what, lines, status, says] of malformed)
    it(`is answered ${status}, as ${what}`, async () => {
      const answer = await answerTo(...lines);
      assert.equal(answer.status, status);
      assert.match(answer.message, says);
    });

  it('is answered 400, as a body in broken chunks', async () => {
    const post = ['POST /elb/default-elb HTTP/1.1', 'Host: x', authorized, 'Transfer-Encoding: chunked'];
    assert.equal((await answerTo(...post, '', 'not-a-length')).status, 400);
  });

  for (const broken of ['FOO / HTTP/1.1', 'garbage'])
    it(`does no harm behind a whole request, as ${broken}: that one is answered, and is the last`, async () => {
      const answer = await answerTo('GET /healthcheck HTTP/1.1', 'Host: x', '', broken, 'Host: x');
      assert.equal(answer.status, 200);
      assert.equal(answer.message, 'ok');
      assert.equal((await service.request('/healthcheck')).status, 200);
    });

  it('is answered 408, as a request that never became whole', async () => {
    const { server } = createHttpServer(() => undefined, new AbortController());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const accepted = once(server, 'connection');
    const client = new RawConnection(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const [socket] = (await accepted) as [Socket];
    const timeout = Object.assign(new Error('timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
    server.emit('clientError', timeout, socket);
    await client.ended;
    assert.match(
      client.received,
      /^HTTP\/1.1 408 .*\r\n\r\n\{"message":"the request took too long[^"]*"\}$/s,
    );
    server.close();
  });

  it('ends quietly where the client is gone', async () => {
    const { hostname, port } = new URL(service.url);
    const client = connect(Number(port), hostname);
    await once(client, 'connect');
    client.write('POST /elb/default-elb HTTP/1.1\r\nHost: x\r\nContent-Le');
    client.resetAndDestroy();
    assert.equal((await service.request('/healthcheck')).status, 200);
  });
});
