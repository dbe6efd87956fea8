import type { Clock } from '../clock.ts';

/** A call that is made for those who join. */
export interface SharedCall {
  /** Must be called when the call really leaves. */
  readonly sent: () => void;
  /** When the call left; as long as it has not, when it began. */
  readonly asOf: number;
}

/** What a call brought. */
export interface Joined<T> {
  readonly value: T;
  /** When the call left. */
  readonly asOf: number;
}

export interface CoalescerOptions {
  readonly clock: Clock;
  /** A call that is needed leaves although an earlier one is still in flight. */
  readonly sideBySide?: boolean;
}

interface Run<T> {
  /** When the call left; undefined as long as it waits. */
  sentAt: number | undefined;
  readonly result: Promise<Joined<T>>;
}

/**
 * Lets any number of callers share one call; at most one is in flight, unless `sideBySide`. A caller that needs an
 * answer from a certain moment or later gets the call in flight if that left late enough, else the next one.
 */
export class Coalescer<T> {
  readonly #sideBySide: boolean;
  readonly #clock: Clock;
  readonly #call: (call: SharedCall) => Promise<T>;
  #underWay: Run<T> | undefined;
  #next: Run<T> | undefined;

  constructor(call: (call: SharedCall) => Promise<T>, { sideBySide = false, clock }: CoalescerOptions) {
    this.#sideBySide = sideBySide;
    this.#clock = clock;
    this.#call = call;
  }

  /** Returns the result of a call that leaves, or left, at `since` or later. Throws what that call throws. */
  join(since: number): Promise<Joined<T>> {
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

  async #start(run: Run<T>): Promise<Joined<T>> {
    const begunAt = this.#clock.now();
    const call = {
      sent: () => {
        run.sentAt = this.#clock.now();
        this.#underWay = run;
        this.#next = undefined;
      },
      get asOf() {
        return run.sentAt ?? begunAt;
      },
    };
    try {
      const value = await this.#call(call);
      return { value, asOf: call.asOf };
    } finally {
      if (this.#underWay === run) this.#underWay = undefined;
      if (this.#next === run) this.#next = undefined;
    }
  }
}
