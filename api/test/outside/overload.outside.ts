import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EmbeddedAws, startEmbeddedAws } from '../../embedded-aws/server.ts';
import { RawConnection } from '../http/raw-connection.ts';
import { samplesOf } from '../support/metrics.ts';
import { until } from '../support/process.ts';
import { type ServiceProcess, startServiceProcess, token } from '../support/service.ts';

/** The time-outs of the service, of which the longest is 120 s, take too long for each run. */
const fullIt = process.env['FULL_TESTS'] === '1' ? it : it.skip;

describe('The service under load', function () {
  this.timeout(240_000);
  let aws: EmbeddedAws;
  let service: ServiceProcess;
  let connections: RawConnection[];
  beforeEach(async () => {
    aws = await startEmbeddedAws();
    service = await startServiceProcess(aws.url, {
      AWS_DEADLINE_MS: '55000',
      AWS_ANSWER_TIMEOUT_MS: '55000',
    });
    connections = [];
  });
  afterEach(async () => {
    for (const connection of connections) connection.destroy();
    service.child.kill('SIGKILL');
    await aws.close();
  });

  const open = (count: number, ...lines: string[]) => {
    const opened = Array.from({ length: count }, () => new RawConnection(service.url));
    for (const connection of opened) connection.send(...lines);
    connections.push(...opened);
    return opened;
  };
  const list = [
    'GET /elb/default-elb HTTP/1.1',
    'Host: x',
    `Authorization: Basic ${token}`,
    'Cache-Control: no-cache',
    '',
    '',
  ];
  /** Returns the number of requests in progress. */
  async function active(): Promise<number> {
    const metrics = await (await service.request('/metrics')).text();
    return samplesOf(metrics).get('http_server_active_requests');
  }
  /** Returns the times of 20 health checks, each on a connection of its own, in milliseconds, from the shortest. */
  async function timeHealthchecks(): Promise<number[]> {
    const times: number[] = [];
    for (let n = 0; n < 20; n += 1) {
      const startedAt = performance.now();
      const [checker] = open(1, 'GET /healthcheck HTTP/1.1', 'Host: x', '', '');
      await checker!.receive(/"ok"/);
      times.push(performance.now() - startedAt);
      await sleep(10);
    }
    return times.sort((a, b) => a - b);
  }

  it('answers 1,000 requests above MAX_IN_FLIGHT with 503 while 2,000 are in progress, and health checks within 100 ms', async () => {
    aws.faults.set([{ actions: ['DescribeLoadBalancers'], latencyMs: 20_000 }]);
    const held = open(2000, ...list);
    await until(async () => (await active()) > 2000);
    const refused = open(1000, ...list);
    await until(() => refused.every(({ received }) => received.startsWith('HTTP/1.1 503 ')));
    assert.ok(refused.every(({ received }) => /Retry-After: 1\r\n.*MAX_IN_FLIGHT=2000/s.test(received)));
    assert.ok(held.every(({ received }) => received === ''));
    const times = await timeHealthchecks();
    console.log(`      the slowest health check took ${times.at(-1)!.toFixed(1)} ms`);
    // The median, because other programs on the machine can delay single checks.
    assert.ok(times[10]! < 100, times.join());
  });

  const slow: [what: string, lines: string[], each: string][] = [
    ['that send nothing', [''], ''],
    ['that send half of the headers', list.slice(0, 2), ''],
    ['that send a byte of a header per second', ['GET / HTTP/1.1', 'Host: x', 'X: '], 'x'],
    [
      'that send a byte of a body per second',
      ['POST / HTTP/1.1', 'Host: x', 'Content-Length: 1000', '', ''],
      'x',
    ],
  ];
  for (const [what, lines, each] of slow)
    fullIt(`closes 1,000 connections ${what}, and answers health checks meanwhile`, async () => {
      const startedAt = performance.now();
      const opened = open(1000, ...lines);
      const sending = setInterval(() => {
        for (const connection of opened) connection.send(each);
      }, 1000);
      await sleep(2000);
      const times = await timeHealthchecks();
      await Promise.all(opened.map(({ ended }) => ended));
      clearInterval(sending);
      const seconds = (performance.now() - startedAt) / 1000;
      console.log(
        `      closed after ${seconds.toFixed(0)} s; the slowest health check took ${times.at(-1)!.toFixed(1)} ms`,
      );
      assert.ok(seconds < 130, `${seconds} s`);
    });
});
