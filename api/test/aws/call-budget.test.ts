import assert from 'node:assert/strict';
import { CallBudget } from '../../aws/call-budget.ts';
import { DomainError } from '../../errors.ts';
import { type AwsTrace, startTrace } from '../../telemetry/aws-trace.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const throttled = new DomainError('aws_throttled', 'AWS throttled the request');
type Take = Parameters<CallBudget['take']>[1];
const ordinary: Take = { urgency: 'ordinary', repeated: false };
const urgent: Take = { urgency: 'urgent', repeated: false };
const patient: Take = { urgency: 'patient', repeated: false };
const repeated: Take = { urgency: 'ordinary', repeated: true };
let clock: VirtualClock;
const trace = (deadlineMs = 5000): AwsTrace => startTrace(clock, deadlineMs);

/** Returns the number of calls that are admitted immediately, out of `calls`. */
async function admittedAtOnce(budget: CallBudget, calls: number, how = ordinary): Promise<number> {
  let admitted = 0;
  for (let n = 0; n < calls; n++) {
    budget.take(trace(), how).then(
      () => (admitted += 1),
      () => undefined,
    );
  }
  await clock.pass(0);
  return admitted;
}

describe('CallBudget', () => {
  beforeEach(() => {
    clock = new VirtualClock();
  });

  it('rejects a call immediately whose turn comes after its deadline, with Retry-After', async () => {
    const budget = new CallBudget({ name: 'load balancer reads', perSecond: 1, clock });
    await budget.take(trace(), ordinary);
    await assert.rejects(budget.take(trace(500), ordinary), (error: unknown) => {
      assert.ok(error instanceof DomainError);
      assert.equal(error.code, 'aws_throttled');
      assert.match(error.message, /budget for load balancer reads is exhausted.*try again/);
      assert.equal(error.details.retryAfterSeconds, 1);
      return true;
    });
  });

  it('rejects a call at its deadline if urgent calls overtake it until then', async () => {
    const budget = new CallBudget({ name: 'load balancer reads', perSecond: 4, clock });
    await admittedAtOnce(budget, 4);
    const waiting = assert.rejects(budget.take(trace(400), ordinary), { code: 'aws_throttled' });
    for (let n = 0; n < 40; n++) void budget.take(trace(60_000), urgent);
    const began = clock.now();
    await clock.run(waiting);
    assert.ok(clock.now() - began < 401, 'it waited for all urgent calls');
  });

  it('admits the calls of one second immediately and then limits the rate', async () => {
    const budget = new CallBudget({ name: 'reads', perSecond: 20, clock });
    const began = clock.now();
    let admitted = 0;
    const takes = Array.from({ length: 30 }, () =>
      budget.take(trace(), ordinary).then(() => (admitted += 1)),
    );
    await clock.pass(5);
    assert.equal(admitted, 20);
    await clock.run(Promise.all(takes));
    const took = clock.now() - began;
    assert.ok(took > 499 && took < 520, `30 calls took ${took} ms`);
  });

  it('admits patient calls last, even if they have waited longer', async () => {
    const budget = new CallBudget({ name: 'reads', perSecond: 10, clock });
    assert.equal(await admittedAtOnce(budget, 10), 10);
    const order: string[] = [];
    const take = (how: Take, name: string) => budget.take(trace(), how).then(() => order.push(name));
    const takes = [take(patient, 'patient'), take(ordinary, 'ordinary'), take(patient, 'patient 2')];
    await clock.run(Promise.all(takes));
    assert.deepEqual(order, ['ordinary', 'patient', 'patient 2']);
  });

  it('lets only urgent calls use the reserve and overtake waiting calls', async () => {
    const budget = new CallBudget({ name: 'reads', perSecond: 4, reserve: 2, clock });
    assert.equal(await admittedAtOnce(budget, 6), 4);
    assert.equal(await admittedAtOnce(budget, 5, urgent), 2);
    const order: string[] = [];
    const take = (how: Take, name: string) => budget.take(trace(30_000), how).then(() => order.push(name));
    await clock.run(Promise.all([take(urgent, 'urgent'), take(ordinary, 'ordinary')]));
    assert.deepEqual(order, ['urgent', 'ordinary']);
  });

  for (const [few, many] of [
    [ordinary, urgent],
    [patient, ordinary],
    [patient, urgent],
  ] as const)
    it(`leaves a third of the calls to ${few.urgency} calls while ${many.urgency} calls exceed the rate`, async () => {
      const budget = new CallBudget({ name: 'reads', perSecond: 5, reserve: 2, clock });
      const take = (how: Take) => budget.take(startTrace(clock, 60_000), how);
      const order: string[] = [];
      const flood = Array.from({ length: 60 }, async () => {
        await take(many);
        order.push(many.urgency);
      });
      const others = Array.from({ length: 10 }, async () => {
        await take(few);
        order.push(few.urgency);
      });
      await clock.run(Promise.all([...flood, ...others]));
      const last = order.lastIndexOf(few.urgency);
      assert.ok(last < 7 + 30 + 2, `the tenth came at ${last}`);
      assert.equal(order.slice(0, last).filter((one) => one === many.urgency).length >= 18, true);
    });

  it('does not limit without a rate', async () => {
    assert.equal(await admittedAtOnce(new CallBudget({ name: 'changes', clock }), 1000), 1000);
  });

  describe('after pause', () => {
    let budget: CallBudget;
    beforeEach(() => {
      budget = new CallBudget({ name: 'reads', perSecond: 100, clock });
    });

    it('rejects first attempts immediately with the reason', async () => {
      budget.pause(throttled);
      for (const how of [ordinary, urgent]) await assert.rejects(budget.take(trace(), how), throttled);
    });

    it('delays a retry until the end of the pause, or rejects it if its deadline comes first', async () => {
      budget.pause(throttled);
      await assert.rejects(budget.take(trace(300), repeated), throttled);
      const began = clock.now();
      await clock.run(budget.take(trace(), repeated));
      const waited = clock.now() - began;
      assert.ok(waited > 999 && waited < 1001, `it waited ${waited} ms`);
    });

    it('admits a probe', async () => {
      budget.pause(throttled);
      await budget.take(startTrace(clock, 1000, { probe: true }), ordinary);
    });

    it('refuses a waiting first attempt, and does not admit a waiting retry before the pause ends', async () => {
      budget = new CallBudget({ name: 'reads', perSecond: 20, clock });
      await admittedAtOnce(budget, 20);
      const began = clock.now();
      const refused = assert.rejects(budget.take(trace(), ordinary), throttled);
      const retry = budget.take(trace(), repeated);
      budget.pause(throttled);
      await refused;
      await clock.run(retry);
      const waited = clock.now() - began;
      assert.ok(waited > 999 && waited < 1002, `it was admitted after ${waited} ms`);
    });

    it('resumes when AWS responds to a call that was sent after the pause began', async () => {
      budget.pause(throttled);
      await clock.pass(2);
      budget.resume(clock.now());
      await budget.take(trace(), ordinary);
    });

    it('does not resume when AWS responds to a call that was sent before the pause', async () => {
      const sentAt = clock.now();
      await clock.pass(2);
      budget.pause(throttled);
      budget.resume(sentAt);
      await assert.rejects(budget.take(trace(), ordinary), throttled);
    });
  });
});
