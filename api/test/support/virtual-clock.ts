import type { Clock } from '../../clock.ts';

interface Task {
  readonly at: number;
  readonly run: () => void;
}

/** The number of event loop iterations after which only timers are pending. */
const roundsUntilIdle = 3;

async function flushEventLoop(): Promise<void> {
  for (let round = 0; round < roundsUntilIdle; round++) await new Promise((resolve) => setImmediate(resolve));
}

/**
 * A clock on which waiting takes no real time. Each reading is unique. Time advances only during `run` and `pass`, to
 * the next task, whenever the process is idle.
 */
export class VirtualClock implements Clock {
  readonly #startsAt = Date.now();
  readonly #idle: () => Promise<void>;
  #now = 0;
  /** Sorted by time. */
  readonly #tasks: Task[] = [];
  /** Callbacks that reject the `run` calls in progress. */
  readonly #runs = new Set<(error: Error) => void>();
  #isAdvancing = false;

  /** `idle` resolves when only timers are pending. */
  constructor(idle = flushEventLoop) {
    this.#idle = idle;
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

  /** Advances time until the promise settles, and returns its result. Throws if no task is left. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let stop: (error: Error) => void = () => undefined;
    const stopped = new Promise<never>((_resolve, reject) => (stop = reject));
    this.#runs.add(stop);
    if (!this.#isAdvancing) void this.#advance();
    try {
      return await Promise.race([promise, stopped]);
    } finally {
      this.#runs.delete(stop);
    }
  }

  /** Advances time by `ms` milliseconds. */
  async pass(ms: number): Promise<void> {
    await this.run(this.sleep(ms));
  }

  /** Advances time for all `run` calls together, so that each step waits until the process is idle. */
  async #advance(): Promise<void> {
    this.#isAdvancing = true;
    for (;;) {
      await this.#idle();
      const first = this.#runs.size === 0 ? undefined : this.#tasks.shift();
      if (first === undefined) break;
      this.#now = Math.max(this.#now, first.at);
      first.run();
    }
    this.#isAdvancing = false;
    for (const stop of this.#runs) stop(new Error('the virtual clock has no task left'));
  }
}
