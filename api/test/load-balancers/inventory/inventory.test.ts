import assert from 'node:assert/strict';
import { DomainError } from '../../../errors.ts';
import { Inventory } from '../../../load-balancers/inventory/inventory.ts';
import { startTrace } from '../../../telemetry/aws-trace.ts';
import {
  elb,
  id,
  ids,
  instanceOf,
  recordingLogger,
  ScriptedGateway,
} from '../../support/scripted-gateway.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import * as world from '../../support/world.ts';

const [web, shop] = [elb('web'), elb('shop')];
const options = {
  region: 'us-east-1',
  maxAgeMs: 2000,
  maxStaleMs: 60_000,
  deadlineMs: 3000,
  refreshDeadlineMs: 3000,
};
const throttled = new DomainError('aws_throttled', 'AWS is asked too often', { retryAfterSeconds: 1 });

describe('Inventory', () => {
  let gateway: ScriptedGateway;
  let inventory: Inventory;
  let lines: string[];
  let clock: VirtualClock;
  beforeEach(() => {
    clock = new VirtualClock();
    gateway = new ScriptedGateway();
    gateway.region.set(web, ids(3)).set(shop, ids(3, 3));
    const recording = recordingLogger();
    lines = recording.lines;
    inventory = new Inventory(gateway, recording.logger, { ...options, clock });
  });
  afterEach(() => {
    inventory.close();
  });
  const list = (elbName = web, freshness = {}) =>
    clock.run(inventory.list(elbName, freshness, startTrace(clock, 3000)));
  const eventually = (condition: () => boolean | Promise<boolean>, description: string) =>
    world.eventually(condition, description, clock);
  /** Advances the clock, which starts at 0, to this time in milliseconds. */
  const passTo = (ms: number) => clock.pass(ms - clock.now());
  const idsOf = async (elbName = web) => (await list(elbName)).instances.map(({ instanceId }) => instanceId);
  /** Reads once, and waits until the cache is filled. */
  const warmUp = async () => {
    await list();
    await eventually(() => gateway.instanceCalls.flat().length >= 6 && gateway.inFlight === 0, 'filled');
  };

  it('fails a read of an unknown load balancer while AWS fails, and recovers', async () => {
    gateway.elbError = throttled;
    await assert.rejects(list(), throttled);
    gateway.elbError = undefined;
    await eventually(() => gateway.regionCalls > 1 && gateway.inFlight === 0, 'AWS is called again');
    assert.deepEqual(await idsOf(), ids(3));
  });

  it('fails a read if EC2 fails for an instance that is not cached', async () => {
    gateway.ec2Error = throttled;
    await assert.rejects(list(), throttled);
    assert.deepEqual(await idsOf(elb('web')).catch((error: unknown) => error), throttled);
  });

  it('throws elb_not_found for unlisted names, with one call for all reads within the maximum age', async () => {
    for (let n = 0; n < 3; n++) await assert.rejects(list(elb('none')), { code: 'elb_not_found' });
    assert.equal(gateway.regionCalls, 1);
  });

  it('describes the instances of the requested load balancer first, then the others', async () => {
    gateway.region.set(elb('before'), ids(450, 1000));
    await list(shop);
    assert.deepEqual(gateway.instanceCalls[0]!.slice(0, 3), ids(3, 3));
    assert.ok(gateway.instanceCalls[0]!.length <= 50, 'the first call is small');
    await eventually(() => gateway.instanceCalls.flat().length === 456, 'the others');
    assert.equal(new Set(gateway.instanceCalls.flat()).size, 456);
  });

  it('makes no call for any load balancer if the region is cached', async () => {
    await warmUp();
    const calls = gateway.instanceCalls.length;
    for (const elbName of [web, shop]) assert.equal((await list(elbName)).how, 'hit');
    assert.deepEqual([gateway.regionCalls, gateway.instanceCalls.length], [1, calls]);
    assert.ok(inventory.ready(web, clock.now()));
  });

  it('changes the revision of a list only with its members or their descriptions', async () => {
    await warmUp();
    const { revision } = await list();
    assert.equal((await list(web, { maxAgeMs: 0 })).revision, revision, 'the same, read again');
    assert.equal(inventory.ready(web, clock.now())?.revision, revision, 'the same, without a wait');
    assert.notEqual((await list(shop)).revision, revision, 'another load balancer');
    gateway.region.set(web, ids(2));
    const shorter = (await list(web, { maxAgeMs: 0 })).revision;
    assert.notEqual(shorter, revision, 'other members');
    gateway.instance = (instanceId) => ({ ...instanceOf(instanceId), instanceType: 'm9.large' });
    const retyped = (await list(web, { noCache: true })).revision;
    assert.notEqual(retyped, shorter, 'other descriptions');
    gateway.region.delete(web);
    await assert.rejects(list(web, { maxAgeMs: 0 }), { code: 'elb_not_found' });
    gateway.region.set(web, ids(2));
    assert.ok((await list(web, { maxAgeMs: 0 })).revision > retyped, 'after it was created again');
  });

  it('makes no call without reads', async () => {
    await warmUp();
    await passTo(120_000);
    await clock.pass(50);
    assert.equal(gateway.regionCalls, 1);
  });

  it('refreshes all expired lists with one call', async () => {
    await warmUp();
    await list(shop);
    await passTo(2100);
    assert.equal(inventory.ready(web, clock.now()), undefined);
    const before = gateway.instanceCalls.length;
    assert.equal((await list(web)).how, 'miss-expired');
    assert.equal((await list(shop)).how, 'hit');
    assert.deepEqual([gateway.regionCalls, gateway.instanceCalls.length], [2, before]);
  });

  describe('shortly before a list expires', () => {
    /** Reads once, with a call that is slow enough for the maximum lead time. Returns the time at which it was sent. */
    const slowlyRead = async () => {
      const release = gateway.hold();
      const first = list();
      await clock.pass(80);
      release();
      const { asOf } = await first;
      await eventually(() => gateway.instanceCalls.flat().length >= 6 && gateway.inFlight === 0, 'filled');
      return asOf;
    };
    it('refreshes the region once, and serves the list', async () => {
      const asOf = await slowlyRead();
      await passTo(asOf + 1750);
      assert.ok(inventory.ready(web, clock.now()));
      assert.equal(gateway.regionCalls, 1, 'not much earlier');
      gateway.hold();
      await passTo(asOf + 1900);
      for (let n = 0; n < 3; n++) assert.ok(inventory.ready(web, clock.now()));
      await eventually(() => gateway.regionCalls === 2, 'refreshed');
    });

    it('refreshes the region for reads with options, too', async () => {
      const asOf = await slowlyRead();
      await passTo(asOf + 1900);
      assert.equal((await list()).how, 'hit');
      await eventually(() => gateway.regionCalls === 2, 'refreshed');
    });

    it('has the new list when the old one expires', async () => {
      const asOf = await slowlyRead();
      await passTo(asOf + 1900);
      inventory.ready(web, clock.now());
      await eventually(() => gateway.regionCalls === 2 && gateway.inFlight === 0, 'refreshed');
      await passTo(asOf + 2100);
      assert.ok(inventory.ready(web, clock.now()));
    });

    it('serves the old list if the refresh fails', async () => {
      const asOf = await slowlyRead();
      gateway.elbError = throttled;
      await passTo(asOf + 1900);
      assert.ok(inventory.ready(web, clock.now()));
      await eventually(() => gateway.regionCalls === 2 && gateway.inFlight === 0, 'refreshed');
      await passTo(asOf + 2100);
      assert.equal((await list()).how, 'stale');
    });
  });

  it('keeps descriptions for 60 s, and renews them with those of other load balancers in use', async () => {
    await warmUp();
    await list(shop);
    const before = gateway.instanceCalls.length;
    await passTo(59_000);
    await list(web);
    await list(shop);
    assert.equal(gateway.instanceCalls.length, before);
    await passTo(61_000);
    await list(web);
    assert.deepEqual(gateway.instanceCalls.slice(before), [[...ids(3), ...ids(3, 3)]]);
  });

  it('looks up an instance again 10 s after EC2 did not describe it', async () => {
    gateway.instance = (instanceId) => (instanceId === id(1) ? undefined : instanceOf(instanceId));
    await warmUp();
    const before = gateway.instanceCalls.length;
    await passTo(9000);
    assert.equal((await list()).instances[1]?.instanceType, undefined);
    assert.equal(gateway.instanceCalls.length, before);
    gateway.instance = (instanceId) => instanceOf(instanceId);
    await passTo(11_000);
    assert.equal((await list()).instances[1]?.instanceType, 't3.micro');
    assert.deepEqual(gateway.instanceCalls.slice(before), [[id(1)]]);
  });

  it('waits 250 ms for a refresh before it serves the cached list, and takes the response later', async () => {
    await warmUp();
    await passTo(2100);
    gateway.region.set(web, [id(0)]);
    const release = gateway.hold();
    const began = clock.now();
    const stale = await list();
    const waited = clock.now() - began;
    assert.equal(stale.how, 'stale');
    assert.deepEqual(stale.instances.length, 3);
    assert.equal(Math.round(waited), 250);
    release();
    await eventually(async () => (await idsOf()).length === 1, 'the refresh');
  });

  for (const [maxAgeMs, how] of [
    [10_000, 'stale'],
    [1000, 'error'],
  ] as const)
    it(`returns ${how} for max-age=${maxAgeMs / 1000} and a list of 3 s while AWS fails`, async () => {
      await warmUp();
      await passTo(3000);
      gateway.elbError = throttled;
      const answer = list(web, { maxAgeMs });
      if (how === 'error') await assert.rejects(answer, throttled);
      else assert.equal((await answer).how, 'stale');
    });

  it('stops the probes of AWS after the last read', async () => {
    inventory.close();
    inventory = new Inventory(gateway, recordingLogger().logger, { ...options, maxStaleMs: 500, clock });
    await warmUp();
    await passTo(2100);
    gateway.elbError = throttled;
    await assert.rejects(list(), throttled);
    await passTo(10_000);
    const calls = gateway.regionCalls;
    await clock.pass(1200);
    assert.equal(gateway.regionCalls, calls);
  });

  it('serves expired descriptions while EC2 fails, and probes it once per second', async () => {
    await warmUp();
    await passTo(61_000);
    gateway.ec2Error = throttled;
    const before = gateway.instanceCalls.length;
    for (let n = 0; n < 20; n++) assert.deepEqual(await idsOf(), ids(3));
    assert.equal(gateway.instanceCalls.length, before + 1);
    assert.equal(lines.length, 1);
    await assert.rejects(list(web, { noCache: true }), throttled);
  });
});
