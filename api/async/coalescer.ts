import type { Clock } from '../clock.ts';

/** The argument of the function that makes the call. */
export interface SharedCall {
  /** The function must call this when it sends the request. */
  readonly sent: () => void;
  /** The time at which the request was sent, or at which the call began if it has not been sent yet. */
  readonly asOf: number;
}

export interface Joined<T> {
  readonly value: T;
  /** The time at which the request was sent. */
  readonly asOf: number;
}

export interface CoalescerOptions {
  readonly clock: Clock;
  /** Whether a new call may start while an earlier one is in flight. */
  readonly sideBySide?: boolean;
}

interface Run<T> {
  /** Undefined until the request is sent. */
  sentAt: number | undefined;
  readonly result: Promise<Joined<T>>;
}

/**
 * Shares a call between callers. At most one call is in flight, unless `sideBySide` is true. A caller joins the call in
 * flight if that call was sent at the caller's `since` or later; otherwise the caller joins the next call.
 */
export class Coalescer<T> {
  readonly #sideBySide: boolean;
  readonly #clock: Clock;
  readonly #call: (call: SharedCall) => Promise<T>;
  #inFlight: Run<T> | undefined;
  #next: Run<T> | undefined;

  constructor(call: (call: SharedCall) => Promise<T>, { sideBySide = false, clock }: CoalescerOptions) {
    this.#sideBySide = sideBySide;
    this.#clock = clock;
    this.#call = call;
  }

  /** Returns the result of a call that is sent at `since` or later. Throws the errors of that call. */
  join(since: number): Promise<Joined<T>> {
    if (this.#inFlight?.sentAt !== undefined && this.#inFlight.sentAt >= since) return this.#inFlight.result;
    this.#next ??= this.#queue();
    return this.#next.result;
  }

  /** How long the current call has been in flight, in milliseconds; 0 if no call is in flight. */
  get inFlightMs(): number {
    return this.#inFlight?.sentAt === undefined ? 0 : this.#clock.now() - this.#inFlight.sentAt;
  }

  /** Whether no call is in flight or queued. */
  get idle(): boolean {
    return this.#inFlight === undefined && this.#next === undefined;
  }

  #queue(): Run<T> {
    const current = this.#sideBySide ? undefined : this.#inFlight;
    const before = current?.result.catch(() => undefined) ?? Promise.resolve();
    const run: Run<T> = { sentAt: undefined, result: before.then(() => this.#start(run)) };
    return run;
  }

  async #start(run: Run<T>): Promise<Joined<T>> {
    const begunAt = this.#clock.now();
    const call = {
      sent: () => {
        run.sentAt = this.#clock.now();
        this.#inFlight = run;
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
      if (this.#inFlight === run) this.#inFlight = undefined;
      if (this.#next === run) this.#next = undefined;
    }
  }
}
