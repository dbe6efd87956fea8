import type { VirtualClock } from './virtual-clock.ts';

let installed = false;

/**
 * Replaces the global `setTimeout` with timers of the virtual clock, because the AWS SDK has no clock option for
 * timeouts and retry delays. Returns a function that restores the original timers.
 */
export function installTimersOf(clock: VirtualClock): () => void {
  if (installed) throw new Error('the timers of another virtual clock are still installed');
  installed = true;
  const { setTimeout, clearTimeout } = globalThis;
  const after = (task: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
    const cancel = clock.after(ms, () => {
      task(...args);
    });
    const timer = { cancel, ref: () => timer, unref: () => timer, hasRef: () => true };
    return timer;
  };
  const cancel = (timer: unknown) => {
    if (typeof timer === 'object' && timer !== null && 'cancel' in timer)
      (timer as { cancel: () => void }).cancel();
    else clearTimeout(timer as NodeJS.Timeout);
  };
  Object.assign(globalThis, { setTimeout: after, clearTimeout: cancel });
  return () => {
    installed = false;
    Object.assign(globalThis, { setTimeout, clearTimeout });
  };
}
