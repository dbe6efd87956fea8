import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EmbeddedAws, startEmbeddedAws } from '../../embedded-aws/server.ts';
import { RawConnection } from '../http/raw-connection.ts';
import { seededRandom } from '../support/random.ts';
import { type Service, type ServiceProcess, startServiceProcess } from '../support/service.ts';

const healthcheck = 'GET /healthcheck HTTP/1.1\r\nHost: x\r\n\r\n';
const detach =
  'DELETE /elb/default-elb?instanceId=i-5203422c HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}';
const connectRequest = 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n';

/** 2,000 connections with `FULL_TESTS=1`; otherwise 500. */
const connections = process.env['FULL_TESTS'] === '1' ? 2000 : 500;

describe('The service under hostile input', function () {
  this.timeout(60_000);
  let aws: EmbeddedAws;
  let service: ServiceProcess;
  before(async () => {
    aws = await startEmbeddedAws();
    service = await startServiceProcess(aws.url);
  });
  after(async () => {
    service.child.kill('SIGKILL');
    await aws.close();
  });

  const assertIsHealthy = async () => {
    assert.equal((await service.request('/healthcheck')).status, 200);
    assert.equal(service.child.exitCode, null);
  };

  /** Sends the pieces 10 ms apart and returns everything that is received until the connection closes. */
  async function answerTo(...pieces: string[]): Promise<string> {
    const connection = new RawConnection(service.url);
    for (const piece of pieces) {
      connection.send(piece);
      await sleep(10);
    }
    await connection.ended;
    return connection.received;
  }

  const refused: [what: string, pieces: string[], status: number][] = [
    ['garbage', ['garbage\r\n\r\n'], 400],
    ['the start of TLS', ['\u0016\u0003\u0001\u0002'], 400],
    ['an unknown method', ['FOO /elb/default-elb HTTP/1.1\r\nHost: x\r\n\r\n'], 400],
    ['a method in lower case', ['get /healthcheck HTTP/1.1\r\nHost: x\r\n\r\n'], 400],
    ['a method that begins in an earlier segment', ['G', detach], 400],
    ['a blank in a field name', ['GET / HTTP/1.1\r\nHost: x\r\nX Y: z\r\n\r\n'], 400],
    ['two lengths', ['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'], 400],
    ['an unknown version', ['GET / HTTP/9.9\r\nHost: x\r\n\r\n'], 400],
    ['a header of 20 KB', [`GET / HTTP/1.1\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`], 431],
  ];
  it('sends one error response and closes the connection when the HTTP parser fails', async () => {
    for (const [what, pieces, status] of refused) {
      const received = await answerTo(...pieces);
      assert.match(received, new RegExp(`^HTTP/1\\.1 ${status} `), what);
      assert.equal(received.match(/HTTP\/1\.1/g)?.length, 1, what);
    }
    assert.equal(aws.calls().calls, 0);
    await assertIsHealthy();
  });

  it('closes the connection on CONNECT, alone or after another request', async () => {
    assert.equal(await answerTo(connectRequest), '');
    await answerTo(healthcheck + connectRequest);
    await answerTo(healthcheck, connectRequest);
    for (const end of ['end', 'destroy', 'resetAndDestroy'] as const) {
      const socket = await connected(service);
      socket.write(connectRequest);
      socket[end]();
      await once(socket, 'close');
    }
    await assertIsHealthy();
  });

  it('ignores Upgrade headers', async () => {
    for (const protocol of ['websocket', 'h2c', 'TLS/1.0']) {
      const upgrade = `GET /healthcheck HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: ${protocol}\r\n\r\n`;
      assert.match(await answerTo(upgrade), /^HTTP\/1.1 200 OK\r\n/, protocol);
    }
    await assertIsHealthy();
  });

  it(`survives ${connections} mutated, aborted and reset connections`, async () => {
    const seed = 11;
    const random = seededRandom(seed);
    const templates = [
      healthcheck,
      detach,
      connectRequest,
      'GET /elb/default-elb HTTP/1.1\r\nHost: x\r\n\r\n',
    ];
    const one = async (): Promise<void> => {
      const socket = await connected(service);
      socket.resume();
      socket.on('error', () => undefined);
      const bytes = mutated(templates, random);
      const cut = Math.floor(random() * bytes.length);
      socket.write(bytes.subarray(0, cut));
      if (random() < 0.5) await sleep(random() * 5);
      if (random() < 0.8) socket.write(bytes.subarray(cut));
      if (random() < 0.5) await sleep(random() * 20);
      const closed = socket.destroyed ? Promise.resolve() : once(socket, 'close');
      const end = random();
      if (end < 0.4) socket.resetAndDestroy();
      else socket.destroy();
      await closed;
    };
    for (let batch = 0; batch < connections / 50; batch += 1) {
      await Promise.all(Array.from({ length: 50 }, one));
      await assertIsHealthy();
    }
    assert.equal(aws.calls().calls, 0, `seed ${seed}`);
    const status = (await (await service.request('/status')).json()) as {
      message: { requests: { inFlight: number } };
    };
    assert.equal(
      status.message.requests.inFlight,
      1,
      `seed ${seed}: inFlight counts requests that have ended`,
    );
  });

  // This must be the last test, because it ends the shared process.
  it('exits on SIGTERM while CONNECT requests are open', async () => {
    for (const bytes of [connectRequest, healthcheck + connectRequest])
      (await connected(service)).write(bytes);
    await sleep(50);
    const exited = once(service.child, 'exit');
    service.child.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
  });
});

async function connected({ url }: Service): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Returns one to three requests in sequence, in which up to eight bytes are replaced, inserted or removed. */
function mutated(templates: readonly string[], random: () => number): Buffer {
  const below = (limit: number) => Math.floor(random() * limit);
  const requests = Array.from({ length: 1 + below(3) }, () => templates[below(templates.length)] ?? '');
  const bytes = [...Buffer.from(requests.join(''))];
  for (let change = below(9); change > 0; change -= 1) {
    const at = below(bytes.length);
    bytes.splice(at, below(2), ...(random() < 0.7 ? [below(256)] : []));
  }
  return Buffer.from(bytes);
}
