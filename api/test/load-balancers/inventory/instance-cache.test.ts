import assert from 'node:assert/strict';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { type CachedInstance, InstanceCache } from '../../../load-balancers/inventory/instance-cache.ts';
import { systemClock } from '../../../clock.ts';
import { id, ids, instanceOf, recordingLogger, ScriptedGateway } from '../../support/scripted-gateway.ts';

const options = { maxAgeMs: 60_000, unknownMaxAgeMs: 10_000, deadlineMs: 5000, clock: systemClock };

describe('MachineDirectory', () => {
  let gateway: ScriptedGateway;
  let lines: string[];
  let directory: InstanceCache;
  beforeEach(() => {
    gateway = new ScriptedGateway();
    const recording = recordingLogger();
    lines = recording.lines;
    directory = new InstanceCache(gateway, recording.logger, options);
  });
  const sizes = () => gateway.instanceCalls.map(({ length }) => length);
  const settled = async () => {
    for (let n = 0; n < 100; n++) await turn();
  };

  it('fails those alone that wait for a call that failed, and remembers nothing of it', async () => {
    gateway.ec2Error = new Error('throttled');
    await assert.rejects(directory.load([id(1)], -Infinity, undefined), /throttled/);
    assert.equal(directory.get(id(1)), undefined);
    gateway.ec2Error = undefined;
    await directory.load([id(1)], -Infinity, undefined);
    assert.deepEqual(directory.get(id(1))?.instance, instanceOf(id(1)));
    assert.equal(lines.length, 2);
  });

  it('keeps what it remembers when a later call fails', async () => {
    await directory.load([id(1)], -Infinity, undefined);
    gateway.ec2Error = new Error('reset');
    await assert.rejects(directory.load([id(1)], performance.now(), undefined), /reset/);
    assert.deepEqual(directory.get(id(1))?.instance, instanceOf(id(1)));
  });

  it('asks for at most 200 ids a call, and makes at most 4 calls side by side', async () => {
    const release = gateway.hold();
    const load = directory.load(ids(1901), -Infinity, undefined);
    await settled();
    assert.equal(gateway.inFlight, 4);
    release();
    await load;
    assert.equal(gateway.maxInFlight, 4);
    assert.deepEqual(sizes(), [...Array.from({ length: 9 }, () => 200), 101]);
    assert.deepEqual(gateway.instanceCalls.flat(), ids(1901));
  });

  it('asks first for what somebody waits for', async () => {
    const release = gateway.hold();
    directory.fill(ids(2000));
    const load = directory.load([id(5000)], -Infinity, undefined);
    await settled();
    release();
    await load;
    assert.deepEqual(gateway.instanceCalls[0], [id(5000)]);
  });

  it('asks before the rest for what somebody comes to wait for while it waits its turn', async () => {
    const release = gateway.hold();
    directory.fill(ids(2000));
    const load = directory.load(ids(3, 1900), -Infinity, undefined);
    await settled();
    release();
    await load;
    assert.deepEqual(gateway.instanceCalls[0], ids(200, 1800));
  });

  it('does not ask twice for what is being asked, however many wait', async () => {
    const release = gateway.hold();
    const loads = Array.from({ length: 20 }, () => directory.load(ids(3), -Infinity, undefined));
    release();
    await Promise.all(loads);
    assert.deepEqual(sizes(), [3]);
  });

  it('makes one more call for all callers that need an answer to a later call than the one in flight', async () => {
    const release = gateway.hold();
    const early = directory.load(ids(3), -Infinity, undefined);
    await settled();
    assert.equal(gateway.inFlight, 1);
    await sleep(2);
    const since = performance.now();
    const late = Array.from({ length: 5 }, () => directory.load(ids(3), since, undefined));
    release();
    await Promise.all([early, ...late]);
    assert.deepEqual(sizes(), [3, 3]);
    assert.ok(directory.get(id(0))!.asOf >= since);
  });

  it('lets those that wait share the next call', async () => {
    const release = gateway.hold();
    directory.fill(ids(800));
    const loads = Array.from({ length: 20 }, (_, n) => directory.load(ids(5, 1000 + 5 * n), 0, undefined));
    await settled();
    release();
    await Promise.all(loads);
    assert.deepEqual(sizes(), [100, 200, 200, 200, 200]);
  });

  it('fills up a call with others whose time has come, but not beyond 200', async () => {
    await directory.load(ids(5), -Infinity, undefined, { companions: ids(500, 100) });
    assert.deepEqual(sizes(), [200]);
    assert.deepEqual(gateway.instanceCalls[0]!.slice(0, 6), [...ids(5), id(100)]);
  });

  it('remembers a description for its time, and that there is none for a shorter one', async () => {
    gateway.instance = (instanceId) => (instanceId === id(1) ? instanceOf(instanceId) : undefined);
    await directory.load([id(1), id(2)], -Infinity, undefined);
    const [known, unknown] = [directory.get(id(1))!, directory.get(id(2))!];
    const howLong = ({ goodUntil, asOf }: CachedInstance) => Math.round((goodUntil - asOf) / 1000) * 1000;
    assert.equal(howLong(known), options.maxAgeMs);
    assert.equal(howLong(unknown), options.unknownMaxAgeMs);
    assert.equal(unknown.instance.instanceType, undefined);
  });

  it('keeps the same object as long as nothing has changed in it', async () => {
    await directory.load([id(1)], -Infinity, undefined);
    const before = directory.get(id(1))!;
    await directory.load([id(1)], performance.now(), undefined);
    assert.equal(directory.get(id(1))!.instance, before.instance);
    gateway.instance = (instanceId) => instanceOf(instanceId, 'm5.large');
    await directory.load([id(1)], performance.now(), undefined);
    assert.equal(directory.get(id(1))!.instance.instanceType, 'm5.large');
  });

  it('is not set back by an answer to a call that left earlier', async () => {
    const release = gateway.hold();
    const earlier = directory.load([id(1)], -Infinity, undefined);
    await settled();
    gateway.held = Promise.resolve();
    gateway.instance = (instanceId) => instanceOf(instanceId, 'm5.large');
    await sleep(2);
    await directory.load([id(1)], performance.now(), undefined);
    release();
    await earlier;
    assert.equal(gateway.instanceCalls.length, 2);
    assert.equal(directory.get(id(1))!.instance.instanceType, 'm5.large');
  });

  it('is bounded: beyond 30,000 it forgets those told of longest ago', async () => {
    await directory.load(ids(30_000), -Infinity, undefined);
    await directory.load(ids(200, 30_000), -Infinity, undefined);
    assert.deepEqual([directory.get(id(0)), directory.get(id(199))], [undefined, undefined]);
    assert.ok(directory.get(id(200)) && directory.get(id(30_199)));
    directory.fill([id(0)]);
    assert.equal(gateway.instanceCalls.length, 151);
  });

  it('fills in only what is unknown, and nothing while EC2 fails', async () => {
    directory.fill(ids(3));
    await settled();
    directory.fill(ids(4));
    await settled();
    assert.deepEqual(gateway.instanceCalls, [ids(3), [id(3)]]);
    gateway.ec2Error = new Error('throttled');
    directory.fill([id(7)]);
    await settled();
    directory.fill([id(7)]);
    await settled();
    assert.equal(gateway.instanceCalls.length, 3);
  });
});
