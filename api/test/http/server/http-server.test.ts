import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { type EmbeddedAws, startEmbeddedAws } from '../../../embedded-aws/server.ts';
import { type ServiceProcess, startServiceProcess, token } from '../../support/service.ts';
import { createHttpServer } from '../../../http/server/http-server.ts';
import { systemClock } from '../../../clock.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { until } from '../../support/process.ts';
import { RawConnection } from '../raw-connection.ts';

const healthcheck = ['GET /healthcheck HTTP/1.1', 'Host: x', '', ''];
const list = ['GET /elb/default-elb HTTP/1.1', 'Host: x', `Authorization: Basic ${token}`];

describe('The service, while it closes,', function () {
  this.timeout(30_000);
  let aws: EmbeddedAws;
  let service: ServiceProcess;
  let exited: Promise<unknown[]>;
  beforeEach(async () => {
    aws = await startEmbeddedAws();
    service = await startServiceProcess(aws.url, {
      AWS_DEADLINE_MS: '55000',
      AWS_ANSWER_TIMEOUT_MS: '55000',
    });
    exited = once(service.child, 'exit');
  });
  afterEach(async () => {
    service.child.kill('SIGKILL');
    await exited;
    await aws.close();
  });

  const awsIsCalled = () => until(() => aws.calls().actions['DescribeLoadBalancers']?.inFlight === 1);
  const refusesConnections = () =>
    fetch(`${service.url}/healthcheck`).then(
      () => false,
      (error: unknown) => ((error as Error).cause as NodeJS.ErrnoException).code === 'ECONNREFUSED',
    );
  async function stop(signal: NodeJS.Signals): Promise<void> {
    service.child.kill(signal);
    await service.logged(({ msg }) => msg === 'closing');
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    it(`finishes the request in flight, refuses connections and exits with 0 on ${signal}`, async () => {
      aws.faults.set([{ actions: ['DescribeLoadBalancers'], latencyMs: 2000 }]);
      const inFlight = new RawConnection(service.url);
      inFlight.send(...list, 'Connection: close', '', '');
      await awsIsCalled();
      await stop(signal);
      await until(refusesConnections);
      assert.equal(inFlight.received, '');
      service.child.kill(signal);
      await inFlight.ended;
      assert.match(inFlight.received, /^HTTP\/1.1 200 OK\r\n.*"instanceId":"i-5203422c"/s);
      assert.deepEqual(await exited, [0, null]);
      assert.equal(service.log.filter(({ msg }) => msg === 'closing').length, 1);
      await service.logged(({ msg }) => msg === 'closed');
    });

  it('responds to the next request of a kept-alive connection with Connection: close', async () => {
    const kept = new RawConnection(service.url);
    kept.send(...healthcheck);
    await kept.receive(/"ok"/);
    assert.match(kept.received, /Connection: keep-alive\r\nKeep-Alive: timeout=65\r\n/);
    await stop('SIGTERM');
    kept.received = '';
    kept.send(...healthcheck);
    await kept.ended;
    assert.match(kept.received, /^HTTP\/1.1 200 OK\r\n.*Connection: close\r\n.*"ok"/s);
    assert.deepEqual(await exited, [0, null]);
  });
});

describe('createHttpServer', () => {
  /** More than a connection buffers if its client does not read. */
  const large = Buffer.alloc(20_000_000);
  const slow = ['GET / HTTP/1.1', 'Host: x'];
  const slowBody = ['POST / HTTP/1.1', 'Host: x', 'Content-Length: 100000', '', ''];
  const clients: [what: string, start: (connection: RawConnection) => void, each: string][] = [
    ['that send nothing', () => undefined, ''],
    [
      'that send half of the headers',
      (connection) => {
        connection.send(...slow);
      },
      '',
    ],
    [
      'that send headers byte by byte',
      (connection) => {
        connection.send(...slow, 'X: ');
      },
      'x',
    ],
    [
      'that send a body byte by byte',
      (connection) => {
        connection.send(...slowBody);
      },
      'x',
    ],
    [
      'that send no further request',
      (connection) => {
        connection.send(...slow, '', '');
      },
      '',
    ],
    [
      'that do not read the response',
      (connection) => {
        connection.pause();
        connection.send('GET /large HTTP/1.1', 'Host: x', '', '');
      },
      '',
    ],
  ];
  for (const [what, start, each] of clients)
    it(`closes connections ${what}, and serves other requests meanwhile`, async () => {
      const timeouts = { headersTimeout: 300, requestTimeout: 400, connectionsCheckingInterval: 50 };
      const application = async (
        { url }: IncomingMessage,
        response: ServerResponse,
        body: AsyncIterable<unknown>,
      ) => {
        try {
          for await (const chunk of body) void chunk;
        } catch {
          return;
        }
        response.end(url === '/large' ? large : '"ok"');
      };
      const http = createHttpServer(
        (request, response) => void application(request, response, request),
        new AbortController(),
        systemClock,
        { ...timeouts, keepAliveTimeout: 200, idleTimeout: 600 },
      );
      const { server } = http;
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const connections = Array.from({ length: 50 }, () => new RawConnection(url));
      connections.forEach(start);
      const sending = setInterval(() => {
        for (const connection of connections) connection.send(each);
      }, 50);
      const count = () => promisify(server.getConnections.bind(server))();
      await until(async () => (await count()) === 50);
      const answer = await fetch(url, { headers: { Connection: 'close' } });
      assert.equal(await answer.text(), '"ok"');
      await until(async () => (await count()) === 0);
      clearInterval(sending);
      for (const connection of connections) connection.destroy();
      await http.close();
    });

  it('closes idle connections after 5 s and a hung request after 10 s while it closes', async () => {
    const clock = new VirtualClock();
    let isHung = false;
    const http = createHttpServer(
      ({ url }, response) => {
        if (url === '/hung') isHung = true;
        else response.end('"ok"');
      },
      new AbortController(),
      clock,
    );
    const { server } = http;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const idle = new RawConnection(url);
    idle.send('GET / HTTP/1.1', 'Host: x', '', '');
    await idle.receive(/"ok"/);
    const hung = new RawConnection(url);
    hung.send('GET /hung HTTP/1.1', 'Host: x', '', '');
    await until(() => isHung);
    const connections = () => promisify(server.getConnections.bind(server))();
    const closed = http.close();
    await clock.pass(4999);
    assert.equal(await connections(), 2);
    await clock.pass(2);
    await idle.ended;
    await clock.pass(4997);
    assert.equal(await connections(), 1);
    await clock.pass(2);
    await hung.ended;
    await closed;
    assert.equal(hung.received, '');
  });
});
