/** Time, passed to everything that measures or waits, so that a test can run on a clock of its own. */
export interface Clock {
  /** Returns milliseconds since some fixed moment; it never goes back. */
  now(): number;
  /** Returns the time of day, in milliseconds since 1970. */
  epochMs(): number;
  /** Runs the task once, in `ms` milliseconds. Returns a function that cancels it. */
  after(ms: number, task: () => void): () => void;
  /** Returns a signal that aborts in `ms` milliseconds. It does not keep the process alive. */
  deadline(ms: number): AbortSignal;
}

/** The clock of this process. */
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
