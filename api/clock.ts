/** A source of time that tests can replace. */
export interface Clock {
  /** Returns the time of a monotonic clock, in milliseconds. */
  now(): number;
  /** Returns the number of milliseconds since 1970. */
  epochMs(): number;
  /** Runs the task after `ms` milliseconds. Returns a function that cancels it. */
  after(ms: number, task: () => void): () => void;
  /** Returns a signal that aborts after `ms` milliseconds. The signal does not keep the process alive. */
  deadline(ms: number): AbortSignal;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  epochMs: () => Date.now(),
  after: (ms, task) => {
    const timer = setTimeout(task, ms);
    return () => {
      clearTimeout(timer);
    };
  },
  deadline: (ms) => AbortSignal.timeout(ms),
};
