import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { Coalescer, type Joined } from '../../async/coalescer.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const clock = new VirtualClock();

interface Call {
  /** Sends the request, as if after a wait for the call budget. */
  readonly send: () => void;
  readonly end: (value: string) => void;
  readonly fail: (error: Error) => void;
}

/** Returns a coalescer and its calls, which the test controls. */
function controlled() {
  const calls: Call[] = [];
  const coalescer = new Coalescer<string>(
    (call) =>
      new Promise((resolve, reject) => {
        calls.push({ send: call.sent, end: resolve, fail: reject });
      }),
    { clock },
  );
  return { calls, coalescer };
}

/** Returns a time that is later than all earlier ones. */
async function moment(): Promise<number> {
  await turn();
  return clock.now();
}

async function valuesOf(joins: readonly Promise<Joined<string>>[]): Promise<string[]> {
  return (await Promise.all(joins)).map(({ value }) => value);
}

describe('Coalescer', () => {
  it('returns when the request was sent, not when it was queued or answered', async () => {
    const { calls, coalescer } = controlled();
    const first = coalescer.join(0);
    const before = await moment();
    calls[0]!.send();
    const after = await moment();
    const second = coalescer.join(before);
    calls[0]!.end('one');
    const { asOf } = await first;
    assert.ok(before <= asOf && asOf <= after);
    assert.equal((await second).asOf, asOf, 'the same call');
  });

  it('rejects only for the callers of a failed call', async () => {
    const { calls, coalescer } = controlled();
    const first = coalescer.join(clock.now());
    await moment();
    calls[0]!.send();
    const second = coalescer.join(await moment());
    calls[0]!.fail(new Error('throttled'));
    await assert.rejects(first, /throttled/);
    await moment();
    calls[1]!.send();
    calls[1]!.end('second');
    assert.equal((await second).value, 'second');
  });

  it('makes another call after a failure, even if the request was not sent', async () => {
    const { calls, coalescer } = controlled();
    const first = coalescer.join(0);
    await moment();
    calls[0]!.fail(new Error('no budget'));
    await assert.rejects(first, /no budget/);
    assert.ok(coalescer.idle);
    const second = coalescer.join(0);
    await moment();
    assert.equal(calls.length, 2);
    calls[1]!.send();
    calls[1]!.end('second');
    assert.equal((await second).value, 'second');
  });

  it('shares a call in flight with callers whose `since` is not later than its request', async () => {
    const { calls, coalescer } = controlled();
    const since = clock.now();
    const first = coalescer.join(since);
    await moment();
    calls[0]!.send();
    const second = coalescer.join(since);
    calls[0]!.end('one');
    assert.deepEqual(await valuesOf([first, second]), ['one', 'one']);
    assert.equal(calls.length, 1);
  });

  it('shares a call with all callers until its request is sent', async () => {
    const { calls, coalescer } = controlled();
    const joins = [coalescer.join(clock.now()), coalescer.join(await moment())];
    assert.equal(calls.length, 1);
    calls[0]!.send();
    calls[0]!.end('one');
    assert.deepEqual(await valuesOf(joins), ['one', 'one']);
  });

  it('makes one next call, after the call in flight, for all callers that need a later one', async () => {
    const { calls, coalescer } = controlled();
    const first = coalescer.join(clock.now());
    await moment();
    calls[0]!.send();
    const since = await moment();
    const late = Array.from({ length: 50 }, () => coalescer.join(since));
    await moment();
    assert.equal(calls.length, 1);
    calls[0]!.end('one');
    assert.equal((await first).value, 'one');
    await moment();
    assert.equal(calls.length, 2);
    calls[1]!.send();
    calls[1]!.end('two');
    assert.deepEqual(new Set(await valuesOf(late)), new Set(['two']));
    assert.ok(coalescer.idle);
  });

  it('returns how long the call has been in flight, and 0 without one', async () => {
    const { calls, coalescer } = controlled();
    const inFlightMs = () => coalescer.inFlightMs;
    assert.equal(inFlightMs(), 0);
    const first = coalescer.join(0);
    await moment();
    assert.equal(inFlightMs(), 0);
    calls[0]!.send();
    await clock.pass(20);
    assert.equal(Math.round(inFlightMs()), 20);
    assert.ok(!coalescer.idle);
    calls[0]!.end('one');
    await first;
    assert.equal(inFlightMs(), 0);
  });
});
