import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type EmbeddedAws, startEmbeddedAws } from '../../../embedded-aws/server.ts';
import { type ServiceProcess, startServiceProcess, token } from '../../support/service.ts';
import { RawConnection, until } from '../raw-connection.ts';

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

  it('answers the next request of a kept-alive connection with Connection: close', async () => {
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

  it('closes idle connections after 5 seconds and a hung request after 10, and exits with 0', async () => {
    const idle = new RawConnection(service.url);
    idle.send(...healthcheck);
    await idle.receive(/"ok"/);
    aws.faults.set([{ silent: true }]);
    const hung = new RawConnection(service.url);
    hung.send(...list, '', '');
    await awsIsCalled();
    const start = performance.now();
    await stop('SIGTERM');
    const idleMs = (await idle.ended) - start;
    assert.ok(idleMs > 4000 && idleMs < 8500, `idle for ${idleMs} ms`);
    const hungMs = (await hung.ended) - start;
    assert.ok(hungMs > 9000 && hungMs < 15_000, `hung for ${hungMs} ms`);
    assert.equal(hung.received, '');
    assert.deepEqual(await exited, [0, null]);
  });
});
