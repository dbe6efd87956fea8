import type { Clock } from '../../time.ts';

interface Task {
  readonly at: number;
  readonly run: () => void;
}

/** Rounds of the event loop after which nothing is left to do but wait for the clock. */
const roundsUntilQuiet = 3;

/** A clock on which waiting takes no real time. No two readings are the same. */
export class VirtualClock implements Clock {
  readonly #startsAt = Date.now();
  #now = 0;
  /** Sorted by time. */
  readonly #tasks: Task[] = [];

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
    const state = { settled: false };
    const done = () => (state.settled = true);
    promise.then(done, done);
    for (;;) {
      for (let round = 0; round < roundsUntilQuiet; round++)
        await new Promise((resolve) => setImmediate(resolve));
      if (state.settled) return promise;
      this.#step();
    }
  }

  /** Lets `ms` milliseconds pass. */
  async pass(ms: number): Promise<void> {
    await this.run(this.sleep(ms));
  }

  #step(): void {
    const first = this.#tasks.shift();
    if (first === undefined) throw new Error('the virtual clock has nothing to wait for');
    this.#now = Math.max(this.#now, first.at);
    first.run();
  }
}
