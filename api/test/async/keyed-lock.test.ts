import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { KeyedLock } from '../../async/keyed-lock.ts';

/** Returns a task that records its start and end in the journal, and functions that end the task. */
function held(name: string, journal: string[]) {
  const controls: { end?: () => void; fail?: (error: Error) => void } = {};
  const ended = new Promise<string>((resolve, reject) => {
    controls.end = () => {
      journal.push(`${name} ends`);
      resolve(name);
    };
    controls.fail = reject;
  });
  const task = (): Promise<string> => {
    journal.push(`${name} starts`);
    return ended;
  };
  return { task, ...(controls as Required<typeof controls>) };
}

describe('KeyedLock', () => {
  let lock: KeyedLock;
  let journal: string[];
  beforeEach(() => {
    lock = new KeyedLock();
    journal = [];
  });

  it('runs tasks with one key one after the other, in the order of their calls', async () => {
    const tasks = ['a', 'b', 'c'].map((name) => held(name, journal));
    const results = tasks.map(({ task }) => lock.run('key', task));
    for (const { end } of tasks) {
      end();
      await setImmediate();
    }
    assert.deepEqual(await Promise.all(results), ['a', 'b', 'c']);
    assert.deepEqual(journal, ['a starts', 'a ends', 'b starts', 'b ends', 'c starts', 'c ends']);
  });

  it('runs tasks with different keys side by side', async () => {
    const a = held('a', journal);
    const b = held('b', journal);
    const results = [lock.run('one', a.task), lock.run('other', b.task)];
    assert.deepEqual(journal, ['a starts', 'b starts']);
    b.end();
    assert.equal(await results[1], 'b');
    a.end();
    assert.equal(await results[0], 'a');
  });

  it('runs the next task after a failure, and rejects only for the caller of the failed task', async () => {
    const a = held('a', journal);
    const b = held('b', journal);
    const first = lock.run('key', a.task);
    const second = lock.run('key', b.task);
    a.fail(new Error('a failed'));
    await assert.rejects(first, /a failed/);
    b.end();
    assert.equal(await second, 'b');
  });

  it('starts a task at once if the key is free again', async () => {
    const a = held('a', journal);
    a.end();
    await lock.run('key', a.task);
    void lock.run('key', held('b', journal).task);
    assert.equal(journal.at(-1), 'b starts');
  });

  it('runs tasks that share several keys one after the other, for any order of the keys', async () => {
    const tasks = ['a', 'b'].map((name) => held(name, journal));
    const results = [
      lock.runAll(['one', 'other'], tasks[0]!.task),
      lock.runAll(['other', 'one'], tasks[1]!.task),
    ];
    for (const { end } of tasks) {
      end();
      await setImmediate();
    }
    assert.deepEqual(await Promise.all(results), ['a', 'b']);
    assert.deepEqual(journal, ['a starts', 'a ends', 'b starts', 'b ends']);
  });
});
