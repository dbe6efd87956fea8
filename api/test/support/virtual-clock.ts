import type { Clock } from '../../clock.ts';

interface Task {
  readonly at: number;
  readonly run: () => void;
}

/** Rounds of the event loop after which nothing is left to do but wait for the clock. */
const roundsUntilQuiet = 3;

async function noRoundIsLeft(): Promise<void> {
  for (let round = 0; round < roundsUntilQuiet; round++)
    await new Promise((resolve) => setImmediate(resolve));
}

/**
 * A clock on which waiting takes no real time. No two readings are the same. Time passes only in `run` and `pass`: from
 * one task to the next, whenever all else is done.
 */
export class VirtualClock implements Clock {
  readonly #startsAt = Date.now();
  readonly #quiet: () => Promise<void>;
  #now = 0;
  /** Sorted by time. */
  readonly #tasks: Task[] = [];
  /** Ends the wait of each `run` in progress with an error. */
  readonly #runs = new Set<(error: Error) => void>();

  /** `quiet` resolves when nothing is left to do but wait for the clock. */
  constructor(quiet = noRoundIsLeft) {
    this.#quiet = quiet;
  }

  now(): number {
    this.#now += 1e-6;
    return this.#now;
  }

  epochMs(): number {
    return Math.floor(this.#startsAt + this.#now);
  }

  after(ms: number, run: () => void): () => void {
    const task = { at: this.#now + ms, run };
    let [from, to] = [0, this.#tasks.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#tasks[middle]!.at <= task.at) from = middle + 1;
      else to = middle;
    }
    this.#tasks.splice(from, 0, task);
    return () => {
      const index = this.#tasks.indexOf(task);
      if (index >= 0) this.#tasks.splice(index, 1);
    };
  }

  deadline(ms: number): AbortSignal {
    const controller = new AbortController();
    this.after(ms, () => {
      controller.abort();
    });
    return controller.signal;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Lets time pass until the promise settles, and returns what it brings. Throws where nothing is left to wait for. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let stop: (error: Error) => void = () => undefined;
    const stopped = new Promise<never>((_resolve, reject) => (stop = reject));
    this.#runs.add(stop);
    if (this.#runs.size === 1) void this.#passTime();
    try {
      return await Promise.race([promise, stopped]);
    } finally {
      this.#runs.delete(stop);
    }
  }

  /** Lets `ms` milliseconds pass. */
  async pass(ms: number): Promise<void> {
    await this.run(this.sleep(ms));
  }

  /** Passes time for all runs together, so that each step waits until all is quiet. */
  async #passTime(): Promise<void> {
    for (;;) {
      await this.#quiet();
      if (this.#runs.size === 0) return;
      const first = this.#tasks.shift();
      if (first === undefined) {
        for (const stop of this.#runs) stop(new Error('the virtual clock has nothing to wait for'));
        return;
      }
      this.#now = Math.max(this.#now, first.at);
      first.run();
    }
  }
}
