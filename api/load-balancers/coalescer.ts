import type { Clock } from '../time.ts';

interface Run<T> {
  /** When the call left; undefined as long as it waits. */
  sentAt: number | undefined;
  readonly result: Promise<T>;
}

/**
 * Lets any number of callers share one call; at most one is in flight, unless `sideBySide`. A caller that needs an
 * answer from a certain moment or later gets the call in flight if that left late enough, else the next one.
 */
export class Coalescer<T> {
  readonly #sideBySide: boolean;
  readonly #clock: Clock;
  readonly #call: (sent: () => void) => Promise<T>;
  #underWay: Run<T> | undefined;
  #next: Run<T> | undefined;

  /**
   * `call` must call `sent` when it really leaves. With `sideBySide`, a call that is needed leaves although an earlier
   * one is still in flight.
   */
  constructor(
    call: (sent: () => void) => Promise<T>,
    { sideBySide = false, clock }: { sideBySide?: boolean; clock: Clock },
  ) {
    this.#sideBySide = sideBySide;
    this.#clock = clock;
    this.#call = call;
  }

  /** Returns the result of a call that leaves, or left, at `since` or later. Throws what that call throws. */
  join(since: number): Promise<T> {
    if (this.#underWay?.sentAt !== undefined && this.#underWay.sentAt >= since) return this.#underWay.result;
    this.#next ??= this.#queue();
    return this.#next.result;
  }

  /** For how long the call in flight has been out, in milliseconds; 0 where there is none. */
  get outFor(): number {
    return this.#underWay?.sentAt === undefined ? 0 : this.#clock.now() - this.#underWay.sentAt;
  }

  /** Whether no call is in flight or waits. */
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
        run.sentAt = this.#clock.now();
        this.#underWay = run;
        this.#next = undefined;
      });
    } finally {
      if (this.#underWay === run) this.#underWay = undefined;
      if (this.#next === run) this.#next = undefined;
    }
  }
}
