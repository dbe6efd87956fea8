import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Coalescer, type Joined } from '../../async/coalescer.ts';
import { systemClock } from '../../clock.ts';

interface Call {
  /** Lets the call leave, as after a wait for the budget. */
  readonly leave: () => void;
  readonly end: (value: string) => void;
  readonly fail: (error: Error) => void;
}

/** A coalescer, and the calls that it has made, each under the test's control. */
function controlled() {
  const calls: Call[] = [];
  const coalescer = new Coalescer<string>(
    (call) =>
      new Promise((resolve, reject) => {
        calls.push({ leave: call.sent, end: resolve, fail: reject });
      }),
    { clock: systemClock },
  );
  return { calls, coalescer };
}

/** Later than anything before it on the clock of `performance.now()`. */
async function moment(): Promise<number> {
  await sleep(2);
  return performance.now();
}

async function valuesOf(joins: readonly Promise<Joined<string>>[]): Promise<string[]> {
  return (await Promise.all(joins)).map(({ value }) => value);
}

describe('Coalescer', () => {
  it('returns when the call left, not when it was asked for or answered', async () => {
    const { calls, coalescer } = controlled();
    const first = coalescer.join(0);
    const before = await moment();
    calls[0]!.leave();
    const after = await moment();
    const second = coalescer.join(before);
    calls[0]!.end('one');
    const { asOf } = await first;
    assert.ok(before <= asOf && asOf <= after);
    assert.equal((await second).asOf, asOf, 'the same call');
  });

  it('fails those alone that wait for the call that failed', async () => {
    const { calls, coalescer } = controlled();
    const first = coalescer.join(performance.now());
    await moment();
    calls[0]!.leave();
    const second = coalescer.join(await moment());
    calls[0]!.fail(new Error('throttled'));
    await assert.rejects(first, /throttled/);
    await moment();
    calls[1]!.leave();
    calls[1]!.end('second');
    assert.equal((await second).value, 'second');
  });

  it('asks again after a failure, even one that came before the call left', async () => {
    const { calls, coalescer } = controlled();
    const first = coalescer.join(0);
    await moment();
    calls[0]!.fail(new Error('no budget'));
    await assert.rejects(first, /no budget/);
    assert.ok(coalescer.idle);
    const second = coalescer.join(0);
    await moment();
    assert.equal(calls.length, 2);
    calls[1]!.leave();
    calls[1]!.end('second');
    assert.equal((await second).value, 'second');
  });

  it('shares a call under way with whoever it left late enough for', async () => {
    const { calls, coalescer } = controlled();
    const since = performance.now();
    const first = coalescer.join(since);
    await moment();
    calls[0]!.leave();
    const second = coalescer.join(since);
    calls[0]!.end('one');
    assert.deepEqual(await valuesOf([first, second]), ['one', 'one']);
    assert.equal(calls.length, 1);
  });

  it('shares a call that still waits to leave with everybody', async () => {
    const { calls, coalescer } = controlled();
    const joins = [coalescer.join(performance.now()), coalescer.join(await moment())];
    assert.equal(calls.length, 1);
    calls[0]!.leave();
    calls[0]!.end('one');
    assert.deepEqual(await valuesOf(joins), ['one', 'one']);
  });

  it('has all who came after the call left wait for one next call, which leaves when that has ended', async () => {
    const { calls, coalescer } = controlled();
    const first = coalescer.join(performance.now());
    await moment();
    calls[0]!.leave();
    const since = await moment();
    const late = Array.from({ length: 50 }, () => coalescer.join(since));
    await moment();
    assert.equal(calls.length, 1);
    calls[0]!.end('one');
    assert.equal((await first).value, 'one');
    await moment();
    assert.equal(calls.length, 2);
    calls[1]!.leave();
    calls[1]!.end('two');
    assert.deepEqual(new Set(await valuesOf(late)), new Set(['two']));
    assert.ok(coalescer.idle);
  });

  it('tells how long the call under way has been out, and 0 without one', async () => {
    const { calls, coalescer } = controlled();
    const outFor = () => coalescer.outFor;
    assert.equal(outFor(), 0);
    const first = coalescer.join(0);
    await moment();
    assert.equal(outFor(), 0);
    calls[0]!.leave();
    await sleep(20);
    assert.ok(outFor() >= 10);
    assert.ok(!coalescer.idle);
    calls[0]!.end('one');
    await first;
    assert.equal(outFor(), 0);
  });
});
