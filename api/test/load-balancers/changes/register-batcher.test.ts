import assert from 'node:assert/strict';
import { DomainError } from '../../../errors.ts';
import type { InstanceId, Members } from '../../../load-balancers/instance.ts';
import { RegisterBatcher } from '../../../load-balancers/changes/register-batcher.ts';
import { type AwsTrace, startTrace } from '../../../telemetry/aws-trace.ts';
import { systemClock } from '../../../clock.ts';
import { elb, id, ids } from '../../support/scripted-gateway.ts';

const [web, shop] = [elb('web'), elb('shop')];

describe('Registrations', () => {
  let calls: Members[];
  let traces: AwsTrace[];
  let refused: readonly InstanceId[];
  let namesIt: boolean;
  let failure: Error | undefined;
  let held: Promise<void>;
  let registrations: RegisterBatcher;
  beforeEach(() => {
    [calls, traces, refused, namesIt, failure] = [[], [], [], true, undefined];
    held = Promise.resolve();
    registrations = new RegisterBatcher(async (_elbName, instanceIds, trace) => {
      calls.push(instanceIds);
      traces.push(trace);
      await held;
      trace.requestIds.push(`request ${calls.length}`);
      if (failure !== undefined) throw failure;
      const first = instanceIds.find((one) => refused.includes(one));
      const refusedInstances = namesIt && first !== undefined ? [first] : [];
      if (first !== undefined)
        throw new DomainError('instance_refused', 'AWS refused the instance', { refusedInstances });
    }, systemClock);
  });
  const join = (instanceIds: Members, { elbName = web, ms = 5000 } = {}) =>
    registrations.join(elbName, instanceIds, startTrace(systemClock, ms));
  const joinEach = (instanceIds: Members) => Promise.all(instanceIds.map((one) => join([one])));
  const codesOf = (all: readonly (readonly [InstanceId, DomainError])[]) =>
    all.map(([one, { code }]) => [one, code]);

  it('fail alike for all callers of a call, where AWS fails', async () => {
    failure = new DomainError('aws_throttled', 'AWS is asked too often');
    const failures = await joinEach(ids(3));
    assert.deepEqual(
      failures.flatMap((each) => [...each]),
      ids(3).map((one) => [one, failure]),
    );
    assert.equal(calls.length, 1);
  });

  it('reject for all callers of a call, where the program fails', async () => {
    failure = new TypeError('undefined is not a function');
    const ends = await Promise.allSettled(ids(3).map((one) => join([one])));
    assert.ok(ends.every((end) => end.status === 'rejected' && end.reason === failure));
  });

  it('go on without the instance that AWS names, which alone fails', async () => {
    refused = [id(1)];
    const failures = await joinEach(ids(3));
    assert.deepEqual(codesOf(failures.flatMap((each) => [...each])), [[id(1), 'instance_refused']]);
    assert.deepEqual(calls, [ids(3), [id(0), id(2)]]);
  });

  it('go on so five times, and do not try the rest', async () => {
    refused = ids(9);
    const failures = await join(ids(10));
    assert.deepEqual(codesOf([...failures]), [
      ...ids(6).map((one) => [one, 'instance_refused']),
      ...ids(4, 6).map((one) => [one, 'not_tried']),
    ]);
    assert.equal(calls.length, 6);
    const { message, details } = failures.get(id(9))!;
    assert.match(message, /^not tried: AWS refused 6 other instances .*nothing was changed, so try this one/);
    assert.equal(details.retryAfterSeconds, 1);
  });

  it('do not go on once the deadline has passed', async () => {
    refused = [id(0)];
    held = new Promise((resolve) => setTimeout(resolve, 60));
    const failures = await join(ids(2), { ms: 30 });
    assert.deepEqual(codesOf([...failures]), [
      [id(0), 'instance_refused'],
      [id(1), 'not_tried'],
    ]);
    assert.equal(calls.length, 1);
  });

  it('say plainly that AWS names no instance, and do not search for it', async () => {
    [refused, namesIt] = [[id(1)], false];
    const failures = await join(ids(3));
    assert.deepEqual(
      codesOf([...failures]),
      ids(3).map((one) => [one, 'instance_refused']),
    );
    assert.match(
      failures.get(id(2))!.message,
      /does not say which of 3 instances it refuses; nothing was changed/,
    );
    assert.equal(calls.length, 1);
  });

  it('take a refusal that names no instance for the only one of the call', async () => {
    [refused, namesIt] = [[id(1)], false];
    const failures = await join([id(1)]);
    assert.equal(failures.get(id(1))?.message, 'AWS refused the instance');
  });

  it('share a call when they come together, for each load balancer its own', async () => {
    await Promise.all([...ids(3).map((one) => join([one])), join([id(9)], { elbName: shop })]);
    assert.deepEqual(calls, [ids(3), [id(9)]]);
  });

  it('share a call with batches', async () => {
    const failures = await Promise.all([join([id(0), id(1)]), join([id(2)])]);
    assert.deepEqual(calls, [ids(3)]);
    assert.deepEqual(
      failures.map(({ size }) => size),
      [0, 0],
    );
  });

  it('share the next call when they come while one is in flight, and do not wait for a stuck one', async () => {
    let release: () => void = () => undefined;
    held = new Promise((resolve) => (release = resolve));
    const first = join([id(0)]);
    await new Promise((resolve) => setImmediate(resolve));
    const others = [join([id(1)]), join([id(2)])];
    while (calls.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(calls, [[id(0)], [id(1), id(2)]]);
    release();
    await Promise.all([first, ...others]);
  });

  it('do not end for all at the deadline of one', async () => {
    held = new Promise((resolve) => setTimeout(resolve, 60));
    const [hasty, patient] = await Promise.all([join([id(0)], { ms: 20 }), join([id(1)])]);
    assert.deepEqual(codesOf([...hasty]), [[id(0), 'aws_unreachable']]);
    assert.deepEqual([...patient], []);
    assert.ok(traces[0]!.deadlineAt - performance.now() > 4000);
  });

  it("put AWS's request ids into the trace of each caller", async () => {
    const own = [startTrace(systemClock, 5000), startTrace(systemClock, 5000)];
    await Promise.all(own.map((trace, n) => registrations.join(web, [id(n)], trace)));
    assert.deepEqual(
      own.map(({ requestIds }) => requestIds),
      [['request 1'], ['request 1']],
    );
  });
});
