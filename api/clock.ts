/** A source of time that tests can replace. */
export interface Clock {
  /** Returns monotonic milliseconds. */
  now(): number;
  /** Returns milliseconds since 1970. */
  epochMs(): number;
  /** Runs the task in `ms` milliseconds. Returns a function that cancels it. */
  after(ms: number, task: () => void): () => void;
  /** Returns a signal that aborts in `ms` milliseconds and does not keep the process alive. */
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
