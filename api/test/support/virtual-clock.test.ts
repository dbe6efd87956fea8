import assert from 'node:assert/strict';
import { VirtualClock } from './virtual-clock.ts';

describe('VirtualClock', () => {
  it('waits until the process is idle before each step, even when one run follows another', async () => {
    let waiting = 0;
    let most = 0;
    const clock = new VirtualClock(async () => {
      waiting += 1;
      most = Math.max(most, waiting);
      await new Promise((resolve) => setImmediate(resolve));
      waiting -= 1;
    });
    for (let n = 0; n < 5; n += 1) await clock.pass(20);
    assert.equal(most, 1);
  });

  it('throws when no task is left', async () => {
    await assert.rejects(new VirtualClock().run(new Promise(() => undefined)), /has no task left/);
  });
});
