export interface Locks {
  /** Runs the task after the earlier tasks with any of these keys, and returns the result of the task. */
  runAll<T>(keys: readonly string[], task: () => Promise<T>): Promise<T>;
}

/** Locks within this process. Tasks with the same key run one after another, in the order in which they were added. */
export class KeyedLock implements Locks {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Runs the task after the earlier tasks with this key, and returns the result of the task. */
  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key);
    const result = before === undefined ? task() : before.then(task);
    const tail = result.catch(() => undefined);
    this.#tails.set(key, tail);
    try {
      return await result;
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }

  runAll<T>(keys: readonly string[], task: () => Promise<T>): Promise<T> {
    // The keys are sorted so that two callers cannot deadlock.
    const sorted = keys.toSorted();
    return sorted.reduceRight<() => Promise<T>>((inner, key) => () => this.run(key, inner), task)();
  }
}
