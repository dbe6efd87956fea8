import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { CallBudget } from '../../aws/call-budget.ts';
import { DomainError } from '../../errors.ts';
import { type AwsTrace, startTrace } from '../../telemetry/aws-trace.ts';
import { systemClock } from '../../clock.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const throttled = new DomainError('aws_throttled', 'AWS throttled the request');
type Take = Parameters<CallBudget['take']>[1];
const ordinary: Take = { urgency: 'ordinary', repeated: false };
const urgent: Take = { urgency: 'urgent', repeated: false };
const patient: Take = { urgency: 'patient', repeated: false };
const repeated: Take = { urgency: 'ordinary', repeated: true };
const trace = (deadlineMs = 5000): AwsTrace => startTrace(systemClock, deadlineMs);

/** Returns how many of `calls` are admitted immediately. */
async function admittedAtOnce(budget: CallBudget, calls: number, how = ordinary): Promise<number> {
  let admitted = 0;
  for (let n = 0; n < calls; n++) {
    budget.take(trace(), how).then(
      () => (admitted += 1),
      () => undefined,
    );
  }
  await sleep(20);
  return admitted;
}

describe('CallBudget', () => {
  it('rejects a call immediately whose turn comes after its deadline, with Retry-After', async () => {
    const budget = new CallBudget({ name: 'load balancer reads', perSecond: 1, clock: systemClock });
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
    const budget = new CallBudget({ name: 'load balancer reads', perSecond: 4, clock: systemClock });
    await admittedAtOnce(budget, 4);
    const waiting = assert.rejects(budget.take(trace(400), ordinary), { code: 'aws_throttled' });
    for (let n = 0; n < 40; n++) void budget.take(trace(60_000), urgent);
    const began = performance.now();
    await waiting;
    assert.ok(performance.now() - began < 5000, 'it waited for all urgent calls');
  });

  it('admits the calls of one second immediately and then limits the rate', async () => {
    const budget = new CallBudget({ name: 'reads', perSecond: 20, clock: systemClock });
    const began = performance.now();
    let admitted = 0;
    const takes = Array.from({ length: 30 }, () =>
      budget.take(trace(), ordinary).then(() => (admitted += 1)),
    );
    await sleep(5);
    assert.ok(admitted >= 20 && admitted < 30, `${admitted} immediately`);
    await Promise.all(takes);
    const took = performance.now() - began;
    assert.ok(took > 400 && took < 5000, `30 calls took ${took} ms`);
  });

  it('admits patient calls last, even if they have waited longer', async () => {
    const budget = new CallBudget({ name: 'reads', perSecond: 10, clock: systemClock });
    assert.equal(await admittedAtOnce(budget, 10), 10);
    const order: string[] = [];
    await Promise.all([
      budget.take(trace(), patient).then(() => order.push('patient')),
      budget.take(trace(), ordinary).then(() => order.push('ordinary')),
      budget.take(trace(), patient).then(() => order.push('patient 2')),
    ]);
    assert.deepEqual(order, ['ordinary', 'patient', 'patient 2']);
  });

  it('lets only urgent calls use the reserve and overtake waiting calls', async () => {
    const budget = new CallBudget({ name: 'reads', perSecond: 4, reserve: 2, clock: systemClock });
    assert.equal(await admittedAtOnce(budget, 6), 4);
    assert.equal(await admittedAtOnce(budget, 5, urgent), 2);
    const order: string[] = [];
    await Promise.all([
      budget.take(trace(), urgent).then(() => order.push('urgent')),
      budget.take(startTrace(systemClock, 30_000), ordinary).then(() => order.push('ordinary')),
    ]);
    assert.deepEqual(order, ['urgent', 'ordinary']);
  });

  for (const [few, many] of [
    [ordinary, urgent],
    [patient, ordinary],
    [patient, urgent],
  ] as const)
    it(`leaves a third of the calls to ${few.urgency} calls while ${many.urgency} calls exceed the rate`, async () => {
      const clock = new VirtualClock();
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
    assert.equal(await admittedAtOnce(new CallBudget({ name: 'changes', clock: systemClock }), 1000), 1000);
  });

  describe('after pause', () => {
    let budget: CallBudget;
    beforeEach(() => {
      budget = new CallBudget({ name: 'reads', perSecond: 100, clock: systemClock });
    });

    it('rejects first attempts immediately with the reason', async () => {
      budget.pause(throttled);
      for (const how of [ordinary, urgent]) await assert.rejects(budget.take(trace(), how), throttled);
    });

    it('delays a retry until the end of the pause, or rejects it if its deadline comes first', async () => {
      budget.pause(throttled);
      await assert.rejects(budget.take(trace(300), repeated), throttled);
      const began = performance.now();
      await budget.take(trace(), repeated);
      const waited = performance.now() - began;
      assert.ok(waited > 900 && waited < 2000, `it waited ${waited} ms`);
    });

    it('admits a probe', async () => {
      budget.pause(throttled);
      await budget.take(startTrace(systemClock, 1000, { probe: true }), ordinary);
    });

    it('does not admit a waiting call before the pause ends', async () => {
      budget = new CallBudget({ name: 'reads', perSecond: 20, clock: systemClock });
      await admittedAtOnce(budget, 20);
      const began = performance.now();
      let admittedAfter = Infinity;
      const waiting = budget.take(trace(), ordinary).then(
        () => (admittedAfter = performance.now() - began),
        (error: unknown) => {
          assert.equal(error, throttled);
        },
      );
      budget.pause(throttled);
      await waiting;
      assert.ok(admittedAfter > 900, `it was admitted after ${admittedAfter} ms`);
    });

    it('resumes when AWS responds to a call that was sent after the pause began', async () => {
      budget.pause(throttled);
      await sleep(2);
      budget.resume(performance.now());
      await budget.take(trace(), ordinary);
    });

    it('does not resume when AWS responds to a call that was sent before the pause', async () => {
      const sentAt = performance.now();
      await sleep(2);
      budget.pause(throttled);
      budget.resume(sentAt);
      await assert.rejects(budget.take(trace(), ordinary), throttled);
    });
  });
});
