interface Run<T> {
  /** When the call left, on the clock of `performance.now()`; undefined as long as it waits. */
  sentAt: number | undefined;
  readonly result: Promise<T>;
}

/**
 * Lets any number of callers share one call: unless wanted, never are two under way. Whoever needs an answer that was given after a
 * certain moment gets the call under way if that left late enough, else the next one.
 */
export class Coalescer<T> {
  readonly #sideBySide: boolean;
  readonly #call: (sent: () => void) => Promise<T>;
  #underWay: Run<T> | undefined;
  #next: Run<T> | undefined;

  /**
   * `call` must tell `sent` when it really leaves. With `sideBySide`, a call that is needed leaves although an earlier
   * one is still under way.
   */
  constructor(call: (sent: () => void) => Promise<T>, { sideBySide = false } = {}) {
    this.#sideBySide = sideBySide;
    this.#call = call;
  }

  /** Returns what a call brings that leaves, or left, at `since` or later. Throws what that call throws. */
  join(since: number): Promise<T> {
    if (this.#underWay?.sentAt !== undefined && this.#underWay.sentAt >= since) return this.#underWay.result;
    this.#next ??= this.#queue();
    return this.#next.result;
  }

  /** Milliseconds for which the call under way has been out; 0 where there is none. */
  get outFor(): number {
    return this.#underWay?.sentAt === undefined ? 0 : performance.now() - this.#underWay.sentAt;
  }

  /** Whether no call is under way or waits. */
  get idle(): boolean {
    return this.#underWay === undefined && this.#next === undefined;
  }

  #queue(): Run<T> {
    const underWay = this.#sideBySide ? undefined : this.#underWay;
    const before = underWay?.result.catch(() => undefined) ?? Promise.resolve();
    const run: Run<T> = { sentAt: undefined, result: before.then(() => this.#start(run)) };
    return run;
  }

  async #start(run: Run<T>): Promise<T> {
    try {
      return await this.#call(() => {
        run.sentAt = performance.now();
        this.#underWay = run;
        this.#next = undefined;
      });
    } finally {
      if (this.#underWay === run) this.#underWay = undefined;
      if (this.#next === run) this.#next = undefined;
    }
  }
}
