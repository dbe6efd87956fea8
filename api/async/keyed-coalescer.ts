import { Coalescer, type CoalescerOptions, type Joined, type SharedCall } from './coalescer.ts';

/** Provides a separate coalescer for each key. */
export class KeyedCoalescer<Key, T> {
  readonly #call: (key: Key, call: SharedCall) => Promise<T>;
  readonly #options: CoalescerOptions;
  readonly #coalescers = new Map<Key, Coalescer<T>>();

  constructor(call: (key: Key, call: SharedCall) => Promise<T>, options: CoalescerOptions) {
    this.#call = call;
    this.#options = options;
  }

  /** Returns the result of a call for this key that is sent at `since` or later. Throws the errors of that call. */
  async join(key: Key, since: number): Promise<Joined<T>> {
    const coalescer =
      this.#coalescers.get(key) ?? new Coalescer((call) => this.#call(key, call), this.#options);
    this.#coalescers.set(key, coalescer);
    try {
      return await coalescer.join(since);
    } finally {
      if (coalescer.idle && this.#coalescers.get(key) === coalescer) this.#coalescers.delete(key);
    }
  }
}
