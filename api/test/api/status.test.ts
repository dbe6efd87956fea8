import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { RawConnection } from '../http/raw-connection.ts';
import { token } from '../support/service.ts';
import {
  describeElbs,
  eventually,
  noCache,
  register,
  startWorld,
  startWorldInRealTime,
  type World,
} from '../support/world.ts';

interface Status {
  readonly version: string;
  readonly commit: string;
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  readonly backend: string;
  readonly region: string;
  readonly requests: { readonly inFlight: number; readonly waiting: number };
  readonly picture: { readonly loadBalancers: number; readonly ageSeconds?: number };
  readonly aws: {
    readonly reachable: string;
    readonly working: string;
    readonly lastError?: { readonly action: string; readonly error: string; readonly message: string };
    readonly calls: readonly {
      action: string;
      spent: number;
      throttled: number;
      lastOutcome: string;
      medianMs: number;
      p99Ms: number;
      lastError?: { readonly error: string };
    }[];
    readonly budgets: readonly {
      name: string;
      perSecond?: number;
      left?: number;
      heldUpByUs: { calls: number };
      heldUpByAws: { calls: number };
    }[];
  };
}

describe('GET /status', () => {
  let world: World;
  afterEach(() => world.close());
  const status = async () => {
    const answer = await world.ask('/status');
    assert.equal(answer.status, 200, answer.body);
    return (JSON.parse(answer.body) as { message: Status }).message;
  };
  const elbReads = ({ aws }: Status) => aws.budgets.find(({ name }) => name === 'load balancer reads')!;

  it('requires credentials, allows only GET and HEAD, and does not call AWS', async () => {
    world = await startWorld();
    assert.equal((await world.ask('/status', { headers: { Authorization: '' } })).status, 401);
    const post = await world.ask('/status', { method: 'POST' });
    assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD']);
    assert.equal((await world.ask('/status', { method: 'HEAD' })).status, 200);
    await status();
    assert.equal(world.calls(), 0);
  });

  it('shows the version, the start time and an empty cache after the start', async () => {
    world = await startWorld();
    const { version, commit, startedAt, uptimeSeconds, backend, region, requests, picture, aws } =
      await status();
    assert.equal(version, '1.0.0');
    assert.equal(commit, commitOfThis());
    assert.ok(Math.abs(Date.parse(startedAt) + uptimeSeconds * 1000 - world.clock.epochMs()) < 5000);
    assert.deepEqual([backend, region], ['aws', 'us-east-1']);
    assert.deepEqual(requests, { inFlight: 1, answered: 0, internalErrors: 0, waiting: 0 });
    assert.deepEqual(picture, { loadBalancers: 0 });
    assert.deepEqual([aws.reachable, aws.working], ['unknown', 'unknown']);
    assert.deepEqual(aws.calls, []);
  });

  it('counts a request as in flight until its response is read or its connection ends', async () => {
    // The responses have 20 kB each, and 10 MB in total, which is more than the buffers of a connection hold.
    world = await startWorldInRealTime({ elbs: 4, instances: 225 }, { INVENTORY_MAX_AGE_MS: '60000' });
    assert.equal((await world.ids('elb-0001')).length, 200);
    for (const [kind, header] of [
      ['fast path', ''],
      ['ordinary path', 'Pragma: other\r\n'],
    ] as const) {
      const connection = new RawConnection(world.service.url);
      connection.pause();
      const list = `GET /elb/elb-0001 HTTP/1.1\r\nHost: x\r\n${header}Authorization: Basic ${token}\r\n\r\n`;
      connection.send(list.repeat(500));
      await eventually(async () => (await status()).requests.inFlight > 1, `${kind}: a response is not read`);
      connection.destroy();
      await eventually(async () => (await status()).requests.inFlight === 1, `${kind}: all requests ended`);
    }
  });

  it('shows the calls of each action with the last outcome, and the age of the cache', async () => {
    world = await startWorld();
    await world.ids('default-elb');
    world.aws.faults.set([{ refuse: 'InvalidInstance', actions: [register], count: 1 }]);
    await world.attach('default-elb', 'i-0b22a22eec53b9321');
    const { picture, aws } = await status();
    assert.equal(picture.loadBalancers, 3);
    assert.ok(picture.ageSeconds! >= 0 && picture.ageSeconds! < 30);
    const described = aws.calls.find(({ action }) => action.endsWith(`:${describeElbs}`))!;
    assert.equal(described.spent, world.calls(describeElbs));
    assert.equal(described.lastOutcome, 'ok');
    assert.ok(described.medianMs <= described.p99Ms && described.lastError === undefined);
    // A rejected request shows that AWS is working.
    assert.equal(aws.lastError?.error, 'InvalidEndPointException');
    assert.deepEqual([aws.reachable, aws.working], ['yes', 'yes']);
  });

  it('shows that AWS throttled, and that a call was delayed because of it', async () => {
    world = await startWorld();
    world.aws.faults.set([{ throttle: true, actions: [describeElbs], count: 1 }]);
    await world.ask('/elb/default-elb', { headers: noCache });
    const { aws } = await status();
    assert.equal(aws.calls.find(({ action }) => action.endsWith(`:${describeElbs}`))!.throttled, 1);
    assert.equal(aws.lastError?.error, 'Throttling');
    assert.match(aws.lastError.message, /^AWS throttled the request/);
    await world.eventually(
      async () => elbReads(await status()).heldUpByAws.calls > 0,
      'the delayed call is shown',
    );
    assert.equal(elbReads(await status()).heldUpByUs.calls, 0);
  });

  it('shows that the budget of the service delayed a call, and how much is left', async () => {
    world = await startWorld({ elbs: 13 }, { AWS_ELB_READS_PER_SECOND: '1' });
    const full = elbReads(await status());
    assert.deepEqual([full.perSecond, full.left], [1, 3]);
    const names = Array.from({ length: 10 }, (_, n) => `elb-${String(n + 1).padStart(4, '0')}`);
    const changes = names.map((name) => world.detach(name, 'i-0b22a22eec53b9321'));
    await world.eventually(async () => elbReads(await status()).heldUpByUs.calls > 0, 'a call is delayed');
    const { left, heldUpByAws } = elbReads(await status());
    assert.ok(left! <= 1);
    assert.equal(heldUpByAws.calls, 0);
    await Promise.all(changes);
  });

  for (const [what, fault] of [
    ['throttles', { throttle: 'DependencyThrottle' }],
    ['refuses the credentials', { refuse: 'ExpiredToken' }],
    ['fails', { status: 500 }],
  ] as const)
    it(`counts AWS as reachable but not working when it ${what}`, async () => {
      world = await startWorld();
      world.aws.faults.set([{ ...fault, actions: [describeElbs] }]);
      await world.ask('/elb/default-elb', { headers: noCache });
      const { aws } = await status();
      assert.deepEqual([aws.reachable, aws.working], ['yes', 'no']);
    });

  it('shows the duration of the calls of each action, and each log line shows its time spent in AWS', async () => {
    world = await startWorld();
    world.aws.faults.set([{ latencyMs: 300, actions: [describeElbs] }]);
    await Promise.all([1, 2].map(() => world.ask('/elb/default-elb')));
    const { calls } = (await status()).aws;
    const { medianMs, p99Ms } = calls.find(({ action }) => action.endsWith(`:${describeElbs}`))!;
    assert.ok(medianMs >= 290 && p99Ms >= medianMs, `${medianMs} and ${p99Ms} ms`);
    const lines = () => world.service.log.filter(({ route }) => route === '/elb/:elbName');
    await world.eventually(() => lines().length === 2, 'both are logged');
    for (const { awsMs, awsCalls, durationMs } of lines()) {
      assert.ok(Number(awsMs) >= 290 && Number(awsMs) <= Number(durationMs), `${String(awsMs)} ms`);
      assert.ok(Number(awsCalls) >= 1);
    }
    await world.ask('/healthcheck');
    const health = await world.service.logged(({ route }) => route === '/healthcheck');
    assert.deepEqual([health['awsMs'], health['awsCalls']], [0, 0]);
  });

  it('shows that AWS cannot be reached', async () => {
    world = await startWorld({}, { AWS_DEADLINE_MS: '1000' });
    world.aws.faults.set([{ reset: true }]);
    await world.ask('/elb/default-elb', { headers: noCache });
    const { aws } = await status();
    assert.deepEqual([aws.reachable, aws.working], ['no', 'no']);
    assert.match(aws.lastError!.message, /^127\.0\.0\.1 closed the connection/);
  });
});

/** Returns the commit that `scripts/bundle.mjs` includes in the build. */
function commitOfThis(): string {
  const { COMMIT } = process.env;
  return COMMIT ? COMMIT : execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
}
