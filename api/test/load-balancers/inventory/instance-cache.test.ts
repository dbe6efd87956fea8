import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { type CachedInstance, InstanceCache } from '../../../load-balancers/inventory/instance-cache.ts';
import { startTrace } from '../../../telemetry/aws-trace.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { id, ids, instanceOf, recordingLogger, ScriptedGateway } from '../../support/scripted-gateway.ts';

const clock = new VirtualClock();
const trace = startTrace(clock, 5000);
const options = { maxAgeMs: 60_000, unknownMaxAgeMs: 10_000, deadlineMs: 5000, clock };

describe('InstanceCache', () => {
  let gateway: ScriptedGateway;
  let lines: string[];
  let cache: InstanceCache;
  beforeEach(() => {
    gateway = new ScriptedGateway();
    const recording = recordingLogger();
    lines = recording.lines;
    cache = new InstanceCache(gateway, recording.logger, options);
  });
  const sizes = () => gateway.instanceCalls.map(({ length }) => length);
  const settled = async () => {
    for (let n = 0; n < 100; n++) await turn();
  };

  it('rejects only for the callers of a failed call, and caches nothing', async () => {
    gateway.ec2Error = new Error('throttled');
    await assert.rejects(cache.load([id(1)], -Infinity, trace), /throttled/);
    assert.equal(cache.get(id(1)), undefined);
    gateway.ec2Error = undefined;
    await cache.load([id(1)], -Infinity, trace);
    assert.deepEqual(cache.get(id(1))?.instance, instanceOf(id(1)));
    assert.equal(lines.length, 2);
  });

  it('keeps its entries if a later call fails', async () => {
    await cache.load([id(1)], -Infinity, trace);
    gateway.ec2Error = new Error('reset');
    await assert.rejects(cache.load([id(1)], clock.now(), trace), /reset/);
    assert.deepEqual(cache.get(id(1))?.instance, instanceOf(id(1)));
  });

  it('looks up at most 200 ids per call, and makes at most 4 calls side by side', async () => {
    const release = gateway.hold();
    const load = cache.load(ids(1901), -Infinity, trace);
    await settled();
    assert.equal(gateway.inFlight, 4);
    release();
    await load;
    assert.equal(gateway.maxInFlight, 4);
    assert.deepEqual(sizes(), [...Array.from({ length: 9 }, () => 200), 101]);
    assert.deepEqual(gateway.instanceCalls.flat(), ids(1901));
  });

  it('makes urgent lookups first', async () => {
    const release = gateway.hold();
    cache.fill(ids(2000));
    const load = cache.load([id(5000)], -Infinity, trace);
    await settled();
    release();
    await load;
    assert.deepEqual(gateway.instanceCalls[0], [id(5000)]);
  });

  it('makes a queued background lookup urgent when a caller waits for it', async () => {
    const release = gateway.hold();
    cache.fill(ids(2000));
    const load = cache.load(ids(3, 1900), -Infinity, trace);
    await settled();
    release();
    await load;
    assert.deepEqual(gateway.instanceCalls[0], ids(200, 1800));
  });

  it('shares a lookup in flight with all callers', async () => {
    const release = gateway.hold();
    const loads = Array.from({ length: 20 }, () => cache.load(ids(3), -Infinity, trace));
    release();
    await Promise.all(loads);
    assert.deepEqual(sizes(), [3]);
  });

  it('makes one more call for callers that need a later call than the one in flight', async () => {
    const release = gateway.hold();
    const early = cache.load(ids(3), -Infinity, trace);
    await settled();
    assert.equal(gateway.inFlight, 1);
    const since = clock.now();
    const late = Array.from({ length: 5 }, () => cache.load(ids(3), since, trace));
    release();
    await Promise.all([early, ...late]);
    assert.deepEqual(sizes(), [3, 3]);
    assert.ok(cache.get(id(0))!.asOf >= since);
  });

  it('groups queued lookups into one call', async () => {
    const release = gateway.hold();
    cache.fill(ids(800));
    const loads = Array.from({ length: 20 }, (_, n) => cache.load(ids(5, 1000 + 5 * n), 0, trace));
    await settled();
    release();
    await Promise.all(loads);
    assert.deepEqual(sizes(), [100, 200, 200, 200, 200]);
  });

  it('fills a call with companions up to 200 ids', async () => {
    await cache.load(ids(5), -Infinity, trace, { companions: ids(500, 100) });
    assert.deepEqual(sizes(), [200]);
    assert.deepEqual(gateway.instanceCalls[0]!.slice(0, 6), [...ids(5), id(100)]);
  });

  it('keeps a description fresh for 60 s, and a missing one for 10 s', async () => {
    gateway.instance = (instanceId) => (instanceId === id(1) ? instanceOf(instanceId) : undefined);
    await cache.load([id(1), id(2)], -Infinity, trace);
    const [known, unknown] = [cache.get(id(1))!, cache.get(id(2))!];
    const freshForMs = ({ freshUntil, asOf }: CachedInstance) =>
      Math.round((freshUntil - asOf) / 1000) * 1000;
    assert.equal(freshForMs(known), options.maxAgeMs);
    assert.equal(freshForMs(unknown), options.unknownMaxAgeMs);
    assert.equal(unknown.instance.instanceType, undefined);
  });

  it('keeps the same object until its content changes', async () => {
    await cache.load([id(1)], -Infinity, trace);
    const before = cache.get(id(1))!;
    await cache.load([id(1)], clock.now(), trace);
    assert.equal(cache.get(id(1))!.instance, before.instance);
    gateway.instance = (instanceId) => instanceOf(instanceId, 'm5.large');
    await cache.load([id(1)], clock.now(), trace);
    assert.equal(cache.get(id(1))!.instance.instanceType, 'm5.large');
  });

  it('ignores the response to an earlier call', async () => {
    const release = gateway.hold();
    const earlier = cache.load([id(1)], -Infinity, trace);
    await settled();
    gateway.held = Promise.resolve();
    gateway.instance = (instanceId) => instanceOf(instanceId, 'm5.large');
    await cache.load([id(1)], clock.now(), trace);
    release();
    await earlier;
    assert.equal(gateway.instanceCalls.length, 2);
    assert.equal(cache.get(id(1))!.instance.instanceType, 'm5.large');
  });

  it('uses the start of a call whose sending is unknown as its time', async () => {
    gateway.describeInstances = async (instanceIds) => {
      await clock.pass(1000);
      return new Map(instanceIds.map((instanceId) => [instanceId, instanceOf(instanceId)]));
    };
    const since = clock.now();
    await cache.load([id(1)], since, trace);
    assert.ok(cache.get(id(1))!.asOf < since + 1);
  });

  it('drops the oldest entries beyond 30,000', async () => {
    await cache.load(ids(30_000), -Infinity, trace);
    await cache.load(ids(200, 30_000), -Infinity, trace);
    assert.deepEqual([cache.get(id(0)), cache.get(id(199))], [undefined, undefined]);
    assert.ok(cache.get(id(200)) && cache.get(id(30_199)));
    cache.fill([id(0)]);
    assert.equal(gateway.instanceCalls.length, 151);
  });

  it('fills only missing entries, and none while EC2 fails', async () => {
    cache.fill(ids(3));
    await settled();
    cache.fill(ids(4));
    await settled();
    assert.deepEqual(gateway.instanceCalls, [ids(3), [id(3)]]);
    gateway.ec2Error = new Error('throttled');
    cache.fill([id(7)]);
    await settled();
    cache.fill([id(7)]);
    await settled();
    assert.equal(gateway.instanceCalls.length, 3);
  });
});
