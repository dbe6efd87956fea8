import assert from 'node:assert/strict';
import { DomainError } from '../../errors.ts';
import { fulfilledWithin, withinDeadline } from '../../async/deadlines.ts';
import { startTrace } from '../../telemetry/aws-trace.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const clock = new VirtualClock();
const never = new Promise<never>(() => undefined);

describe('withinDeadline', () => {
  it('throws aws_unreachable with advice at the deadline', async () => {
    await assert.rejects(
      clock.run(withinDeadline(never, 'the instances', startTrace(clock, 20))),
      (error: unknown) => {
        assert.ok(error instanceof DomainError);
        assert.equal(error.code, 'aws_unreachable');
        assert.match(error.message, /the instances in time; try again/);
        assert.equal(error.details.retryAfterSeconds, 2);
        return true;
      },
    );
  });

  it('throws aws_unreachable after the deadline unless the promise has settled', async () => {
    const trace = startTrace(clock, 0);
    await clock.pass(5);
    assert.equal(trace.deadline.aborted, true);
    await assert.rejects(withinDeadline(never, 'it', trace), { code: 'aws_unreachable' });
    assert.equal(await withinDeadline(Promise.resolve('list'), 'it', trace), 'list');
  });

  it('throws what the promise throws', async () => {
    await assert.rejects(
      withinDeadline(Promise.reject(new Error('odd')), 'it', startTrace(clock, 1000)),
      /odd/,
    );
  });

  it('returns the result of the promise', async () => {
    assert.equal(await withinDeadline(Promise.resolve('list'), 'it', startTrace(clock, 1000)), 'list');
  });
});

describe('fulfilledWithin', () => {
  it('returns false if the promise rejects', async () => {
    assert.equal(await fulfilledWithin(Promise.reject(new Error('odd')), 1000, clock), false);
  });

  it('returns false after the time, and at once if no time is left', async () => {
    assert.equal(await clock.run(fulfilledWithin(never, 10, clock)), false);
    assert.equal(await clock.run(fulfilledWithin(never, -100, clock)), false);
  });

  it('returns true if the promise fulfils in time', async () => {
    assert.equal(await fulfilledWithin(Promise.resolve(undefined), 1000, clock), true);
  });
});
