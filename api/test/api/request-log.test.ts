import assert from 'node:assert/strict';
import { RawConnection } from '../http/raw-connection.ts';
import type { LogLine, Service } from '../support/service.ts';
import { type Answer, describeElbs, noCache, startWorld, type World } from '../support/world.ts';

interface Sum {
  readonly route: string;
  readonly status: number;
  readonly principal?: string;
  readonly requests: number;
  readonly slowestMs: number;
}

const linesOf = ({ log }: Service) => log.filter(({ msg }) => msg === 'request');
const sumsOf = ({ log }: Service) => log.filter(({ msg }) => msg === 'reads');
const entriesOf = (line: LogLine) => line['reads'] as Sum[];
const totalOf = (entries: readonly Sum[]) => entries.reduce((sum, { requests }) => sum + requests, 0);

describe('The log, beyond LOG_MAX_PER_SECOND', () => {
  let world: World;
  before(async () => {
    world = await startWorld({}, { LOG_MAX_PER_SECOND: '10', INVENTORY_MAX_AGE_MS: '60000' });
    await world.ids('default-elb');
  });
  after(() => world.close());
  /** Wait until the summary of the previous test is logged. */
  beforeEach(async () => {
    await world.clock.pass(1100);
    world.service.log.length = 0;
  });
  const many = (count: number, path: string, headers = {}) =>
    Promise.all(Array.from({ length: count }, () => world.ask(path, { headers })));
  /** Resolves when this many requests are logged, individually or in summaries. */
  const logged = (count: number) =>
    world.eventually(
      () => linesOf(world.service).length + totalOf(sumsOf(world.service).flatMap(entriesOf)) >= count,
      `${count} requests are logged`,
    );

  it('has a line for each refusal', async () => {
    await many(30, '/elb/default-elb');
    const answers: Answer[] = [];
    for (let n = 0; n < 30; n++) answers.push(await world.ask('/elb/no-such-elb'));
    assert.ok(answers.every(({ status }) => status === 404));
    await logged(60);
    assert.equal(linesOf(world.service).filter(({ status }) => status === 404).length, 30);
    assert.ok(sumsOf(world.service).length > 0);
  });

  it('has a line for each change', async () => {
    await many(30, '/elb/default-elb');
    for (let n = 0; n < 5; n++) {
      assert.equal((await world.attach('empty-elb', 'i-1f8b3e07')).status, 201);
      assert.equal((await world.detach('empty-elb', 'i-1f8b3e07')).status, 201);
    }
    await logged(40);
    assert.equal(linesOf(world.service).filter(({ status }) => status === 201).length, 10);
  });

  it('has a line for each failure', async () => {
    await many(30, '/elb/default-elb');
    world.aws.faults.set([{ actions: [describeElbs], throttle: 'DependencyThrottle' }]);
    for (const { status } of await many(20, '/elb/default-elb', noCache)) assert.equal(status, 503);
    world.aws.faults.clear();
    await logged(50);
    assert.equal(linesOf(world.service).filter(({ status }) => status === 503).length, 20);
  });

  it('has a line for each slow request', async () => {
    await world.eventually(
      async () => (await world.ask('/elb/default-elb', { headers: noCache })).status === 200,
      'AWS is called again',
    );
    world.aws.faults.set([{ actions: [describeElbs], latencyMs: 1200 }]);
    await many(15, '/elb/default-elb', noCache);
    world.aws.faults.clear();
    const slow = () => linesOf(world.service).filter(({ durationMs }) => Number(durationMs) >= 1000);
    await world.eventually(() => slow().length === 15, 'each slow request has a line');
  });

  it('sums successful reads by route, status and principal, with the slowest, in one line per second', async () => {
    const etag = (await world.ask('/elb/default-elb')).headers.get('etag')!;
    const until = world.clock.now() + 2200;
    let asked = 1;
    while (world.clock.now() < until) {
      await Promise.all([
        many(5, '/elb/default-elb'),
        many(2, '/elb/default-elb', { 'If-None-Match': etag }),
        many(1, '/healthcheck'),
      ]);
      asked += 8;
      await world.clock.pass(100);
    }
    await logged(asked);
    const sums = sumsOf(world.service);
    assert.ok(sums.length >= 1 && sums.length <= 5, `${sums.length} sums`);
    assert.ok(linesOf(world.service).length <= 10 * 5);
    for (const line of sums) {
      const entries = entriesOf(line);
      assert.equal(line['requests'], totalOf(entries));
      for (const { slowestMs } of entries) assert.ok(slowestMs >= 0 && slowestMs < 1000);
      const keys = entries.map(({ route, status, principal = '-' }) => `${status} ${route} ${principal}`);
      assert.equal(new Set(keys).size, keys.length);
    }
    const keys = sums
      .flatMap(entriesOf)
      .map(({ route, status, principal = '-' }) => `${status} ${route} ${principal}`);
    assert.deepEqual(
      [...new Set(keys)].sort(),
      ['200 /elb/:elbName tester', '200 /healthcheck -', '304 /elb/:elbName tester'].sort(),
    );
    assert.equal(linesOf(world.service).length + totalOf(sums.flatMap(entriesOf)), asked);
  });
});

describe('The log of requests without credentials', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
    await world.ids('default-elb');
  });
  after(() => world.close());
  beforeEach(async () => {
    await world.clock.pass(1100);
    world.service.log.length = 0;
  });
  const anonymous = { Authorization: '' };
  const sums = () =>
    world.service.log.filter(({ msg }) => msg === 'requests without credentials').flatMap(entriesOf);
  const logged = () => linesOf(world.service).length + totalOf(sums());

  it('has a few lines per second, and sums the other requests by route and status', async () => {
    const connection = new RawConnection(world.service.url);
    connection.send('GET /elb/x HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(400));
    await world.eventually(() => logged() >= 400, '400 requests are logged');
    connection.destroy();
    assert.equal(logged(), 400);
    // The requests can be spread over two or three seconds.
    assert.ok(linesOf(world.service).length <= 40, `${linesOf(world.service).length} lines`);
    for (const { route, status, principal } of sums())
      assert.deepEqual([route, status, principal], ['none', 401, undefined]);
  });

  it('sums unknown paths and wrong passwords, and has a line for each request with credentials', async () => {
    const wrong = { Authorization: `Basic ${Buffer.from('tester:wrong').toString('base64')}` };
    await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        world.ask(`/no-such-path-${n}`, { headers: n % 2 === 0 ? anonymous : wrong }),
      ),
    );
    assert.equal((await world.attach('default-elb', 'i-5203422c')).status, 409);
    await world.eventually(() => logged() >= 61, '61 requests are logged');
    assert.equal(linesOf(world.service).filter(({ status }) => status === 409).length, 1);
    assert.ok(sums().length <= 4);
  });

  it('limits the length of values from the request', async () => {
    const headers = {
      ...anonymous,
      'X-Forwarded-For': `fe80::1%${'A'.repeat(3000)}`,
      'X-Request-Id': 'y'.repeat(3000),
    };
    for (let n = 0; n < 20; n += 1) {
      assert.equal((await world.ask(`/elb/${'x'.repeat(3000)}`, { headers })).status, 401);
      assert.equal((await world.ask(`/${'%C2%9B'.repeat(700)}`, { headers, method: 'PATCH' })).status, 401);
    }
    await world.eventually(() => logged() >= 40, '40 requests are logged');
    const bytes = world.service.log.reduce((sum, line) => sum + JSON.stringify(line).length, 0);
    assert.ok(bytes < 40 * 1000, `${bytes} bytes`);
  });
});

describe('The log, up to LOG_MAX_PER_SECOND', () => {
  let world: World;
  before(async () => {
    world = await startWorld({}, { LOG_MAX_PER_SECOND: '50' });
  });
  after(() => world.close());

  it('has a line for each read', async () => {
    await Promise.all(Array.from({ length: 50 }, () => world.ask('/elb/default-elb')));
    await world.eventually(() => linesOf(world.service).length === 50, 'all reads are logged');
    await world.clock.pass(1100);
    assert.deepEqual(sumsOf(world.service), []);
    const ids = linesOf(world.service).map(({ requestId }) => requestId);
    assert.equal(new Set(ids).size, 50);
  });
});
