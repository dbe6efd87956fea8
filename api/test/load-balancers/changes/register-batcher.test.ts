import assert from 'node:assert/strict';
import { DomainError } from '../../../errors.ts';
import type { InstanceId, Members } from '../../../load-balancers/instance.ts';
import { RegisterBatcher } from '../../../load-balancers/changes/register-batcher.ts';
import { type AwsTrace, startTrace } from '../../../telemetry/aws-trace.ts';
import { elb, id, ids } from '../../support/scripted-gateway.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const [web, shop] = [elb('web'), elb('shop')];

describe('RegisterBatcher', () => {
  let clock: VirtualClock;
  let calls: Members[];
  let traces: AwsTrace[];
  let refused: readonly InstanceId[];
  let namesInstance: boolean;
  let failure: Error | undefined;
  let held: Promise<void>;
  let batcher: RegisterBatcher;
  beforeEach(() => {
    [calls, traces, refused, namesInstance, failure] = [[], [], [], true, undefined];
    held = Promise.resolve();
    clock = new VirtualClock();
    batcher = new RegisterBatcher(async (_elbName, instanceIds, trace) => {
      calls.push(instanceIds);
      traces.push(trace);
      await held;
      trace.requestIds.push(`request ${calls.length}`);
      if (failure !== undefined) throw failure;
      const first = instanceIds.find((one) => refused.includes(one));
      const refusedInstances = namesInstance && first !== undefined ? [first] : [];
      if (first !== undefined)
        throw new DomainError('instance_refused', 'AWS refused the instance', { refusedInstances });
    }, clock);
  });
  const register = (instanceIds: Members, { elbName = web, ms = 5000 } = {}) =>
    clock.run(batcher.register(elbName, instanceIds, startTrace(clock, ms)));
  const registerEach = (instanceIds: Members) => Promise.all(instanceIds.map((one) => register([one])));
  const codesOf = (all: readonly (readonly [InstanceId, DomainError])[]) =>
    all.map(([one, { code }]) => [one, code]);

  it('returns the failure of a call to each of its callers', async () => {
    failure = new DomainError('aws_throttled', 'AWS is asked too often');
    const failures = await registerEach(ids(3));
    assert.deepEqual(
      failures.flatMap((each) => [...each]),
      ids(3).map((one) => [one, failure]),
    );
    assert.equal(calls.length, 1);
  });

  it('rejects for each caller of a call that throws an unexpected error', async () => {
    failure = new TypeError('undefined is not a function');
    const ends = await Promise.allSettled(ids(3).map((one) => register([one])));
    assert.ok(ends.every((end) => end.status === 'rejected' && end.reason === failure));
  });

  it('retries without an instance that AWS names in its refusal, and fails only that one', async () => {
    refused = [id(1)];
    const failures = await registerEach(ids(3));
    assert.deepEqual(codesOf(failures.flatMap((each) => [...each])), [[id(1), 'instance_refused']]);
    assert.deepEqual(calls, [ids(3), [id(0), id(2)]]);
  });

  it('retries five times, and returns not_tried for the remaining instances', async () => {
    refused = ids(9);
    const failures = await register(ids(10));
    assert.deepEqual(codesOf([...failures]), [
      ...ids(6).map((one) => [one, 'instance_refused']),
      ...ids(4, 6).map((one) => [one, 'not_tried']),
    ]);
    assert.equal(calls.length, 6);
    const { message, details } = failures.get(id(9))!;
    assert.match(message, /^not tried: AWS refused 6 other instances .*nothing was changed, so try this one/);
    assert.equal(details.retryAfterSeconds, 1);
  });

  it('does not retry after the deadline', async () => {
    refused = [id(0)];
    held = clock.sleep(60);
    const failures = await register(ids(2), { ms: 30 });
    assert.deepEqual(codesOf([...failures]), [
      [id(0), 'instance_refused'],
      [id(1), 'not_tried'],
    ]);
    assert.equal(calls.length, 1);
  });

  it('fails all instances if AWS refuses one without identifying it', async () => {
    [refused, namesInstance] = [[id(1)], false];
    const failures = await register(ids(3));
    assert.deepEqual(
      codesOf([...failures]),
      ids(3).map((one) => [one, 'instance_refused']),
    );
    assert.match(
      failures.get(id(2))!.message,
      /refused one of 3 instances without identifying it; nothing was changed/,
    );
    assert.equal(calls.length, 1);
  });

  it('applies a refusal without a name to the only instance of a call', async () => {
    [refused, namesInstance] = [[id(1)], false];
    const failures = await register([id(1)]);
    assert.equal(failures.get(id(1))?.message, 'AWS refused the instance');
  });

  it('makes one call for concurrent callers of each load balancer', async () => {
    await Promise.all([...ids(3).map((one) => register([one])), register([id(9)], { elbName: shop })]);
    assert.deepEqual(calls, [ids(3), [id(9)]]);
  });

  it('shares a call between single instances and batches', async () => {
    const failures = await Promise.all([register([id(0), id(1)]), register([id(2)])]);
    assert.deepEqual(calls, [ids(3)]);
    assert.deepEqual(
      failures.map(({ size }) => size),
      [0, 0],
    );
  });

  it('makes a shared second call for callers that come while the first is in flight, without waiting for it', async () => {
    let release: () => void = () => undefined;
    held = new Promise((resolve) => (release = resolve));
    const first = register([id(0)]);
    await new Promise((resolve) => setImmediate(resolve));
    const others = [register([id(1)]), register([id(2)])];
    await clock.pass(100);
    assert.deepEqual(calls, [[id(0)], [id(1), id(2)]]);
    release();
    await Promise.all([first, ...others]);
  });

  it('does not end a call at the earliest deadline of its callers', async () => {
    held = clock.sleep(60);
    const [hasty, patient] = await Promise.all([register([id(0)], { ms: 20 }), register([id(1)])]);
    assert.deepEqual(codesOf([...hasty]), [[id(0), 'aws_unreachable']]);
    assert.deepEqual([...patient], []);
    assert.ok(traces[0]!.deadlineAt - clock.now() > 4000);
  });

  it('adds the AWS request ids to the trace of each caller', async () => {
    const own = [startTrace(clock, 5000), startTrace(clock, 5000)];
    await clock.run(Promise.all(own.map((trace, n) => batcher.register(web, [id(n)], trace))));
    assert.deepEqual(
      own.map(({ requestIds }) => requestIds),
      [['request 1'], ['request 1']],
    );
  });
});
