import type { Clock } from '../../clock.ts';

/** Returns a clock that runs `speed` times as fast as real time. */
export function fastClock(speed: number): Clock {
  const startsAt = Date.now();
  const origin = performance.now();
  const now = () => (performance.now() - origin) * speed;
  const after = (ms: number, run: () => void) => {
    const timer = setTimeout(run, ms / speed).unref();
    return () => {
      clearTimeout(timer);
    };
  };
  return {
    now,
    after,
    epochMs: () => Math.floor(startsAt + now()),
    deadline: (ms) => AbortSignal.timeout(Math.ceil(ms / speed)),
  };
}
