import { DomainError } from '../errors.ts';
import type { Urgency } from '../load-balancers/load-balancer-gateway.ts';
import type { AwsTrace } from '../telemetry/aws-trace.ts';
import type { BudgetState, DelayedCalls } from '../telemetry/budget-state.ts';
import type { Clock } from '../clock.ts';

/** How long all calls pause after AWS throttles a call or is unreachable, in milliseconds. */
const backOffMs = 1000;

export interface CallBudgetOptions {
  /** A noun phrase for messages, such as "load balancer reads". */
  readonly name: string;
  /** The sustained rate, which is also the size of a burst; unlimited by default. */
  readonly perSecond?: number;
  /** An additional burst that only urgent calls may use. */
  readonly reserve?: number;
  readonly clock: Clock;
}

/** Calls with a lower rank are made first. */
const ranks: Readonly<Record<Urgency, number>> = { urgent: 0, ordinary: 1, patient: 2 };

/** The maximum number of consecutive calls that may overtake waiting calls with a higher rank. */
const maxOvertaking = 2;

const never: DelayedCalls = { calls: 0, last: undefined };

interface Waiter {
  readonly urgency: Urgency;
  readonly repeated: boolean;
  readonly admit: () => void;
  readonly refuse: (reason: DomainError) => void;
}

/**
 * Limits one kind of AWS call for the whole process. It uses a token bucket, which leaves part of the account's rate to
 * other programs, and pauses all calls after AWS throttles a call or is unreachable.
 */
export class CallBudget {
  readonly #options: CallBudgetOptions;
  readonly #capacity: number;
  #tokens: number;
  readonly #clock: Clock;
  #countedAt: number;
  #waiting: Waiter[] = [];
  #cancelTimer: () => void = () => undefined;
  /** The number of consecutive calls that were admitted while calls with a higher rank waited. */
  #overtaking = 0;
  #pausedAt = -Infinity;
  #pausedUntil = -Infinity;
  #pauseReason: DomainError | undefined;
  #delayed: { readonly us: DelayedCalls; readonly aws: DelayedCalls } = { us: never, aws: never };

  constructor(options: CallBudgetOptions) {
    this.#options = options;
    this.#capacity = (options.perSecond ?? Infinity) + (options.reserve ?? 0);
    this.#tokens = this.#capacity;
    this.#clock = options.clock;
    this.#countedAt = this.#clock.now();
  }

  /**
   * Resolves when a call may be made. Urgent calls are made first and may use the reserve; patient calls are made last.
   * Waiting calls with lower urgency receive one third of the calls. During a pause, a retry waits, and a first attempt
   * throws the reason for the pause. Throws `aws_throttled` if the wait would exceed the deadline of the trace.
   */
  async take(trace: AwsTrace, { urgency, repeated }: { urgency: Urgency; repeated: boolean }): Promise<void> {
    const pause = this.#pauseMs;
    if (pause > 0 && this.#pauseReason !== undefined && trace.probe !== true) {
      this.#countDelayed('aws');
      if (!repeated || this.#clock.now() + pause > trace.deadlineAt) throw this.#pauseReason;
      await new Promise<void>((resolve) => this.#clock.after(pause, resolve));
    }
    if (this.#options.perSecond === undefined) return;
    this.#refill();
    const ahead = this.#waiting.filter((waiter) => ranks[waiter.urgency] <= ranks[urgency]).length;
    const mustYield = this.#overtaking >= maxOvertaking && this.#waiting.length > ahead;
    if (ahead === 0 && !mustYield && this.#tokens >= this.#price(urgency)) {
      this.#admit(urgency);
      return;
    }
    this.#countDelayed('us');
    const sameUrgency = this.#waiting.filter((waiter) => waiter.urgency === urgency).length;
    // At most this many calls are made before this one.
    const before = Math.min(ahead, (sameUrgency + 1) * (maxOvertaking + 1) - 1);
    const waitMs = ((this.#price(urgency) + before - this.#tokens) / this.#options.perSecond) * 1000;
    if (this.#clock.now() + waitMs > trace.deadlineAt) throw this.exhausted(waitMs);
    await this.#turn(trace, urgency, repeated, ahead);
  }

  get state(): BudgetState {
    this.#refill();
    const { name, perSecond } = this.#options;
    return {
      name,
      perSecond,
      left: perSecond === undefined ? undefined : Math.floor(this.#tokens),
      waiting: this.#waiting.length,
      heldUpByUs: this.#delayed.us,
      heldUpByAws: this.#delayed.aws,
    };
  }

  #countDelayed(by: 'us' | 'aws'): void {
    this.#delayed = {
      ...this.#delayed,
      [by]: { calls: this.#delayed[by].calls + 1, last: new Date(this.#clock.epochMs()) },
    };
  }

  /** Returns the error for a caller whose wait would exceed its deadline. */
  exhausted(waitMs: number = backOffMs): DomainError {
    return new DomainError('aws_throttled', `this service's budget for ${this.#options.name} is exhausted`, {
      advice: 'nothing was changed, so try again in a few seconds',
      retryAfterSeconds: Math.ceil(waitMs / 1000),
    });
  }

  /** Pauses all calls for one second, and rejects waiting first attempts with `reason`. */
  pause(reason: DomainError): void {
    this.#pausedAt = this.#clock.now();
    this.#pausedUntil = this.#pausedAt + backOffMs;
    this.#pauseReason = reason;
    const firstAttempts = this.#waiting.filter(({ repeated }) => !repeated);
    this.#waiting = this.#waiting.filter(({ repeated }) => repeated);
    for (const { refuse } of firstAttempts) {
      this.#countDelayed('aws');
      refuse(reason);
    }
  }

  /** Ends the pause after AWS has responded to a call that was sent after the pause began. */
  resume(sentAt: number): void {
    if (sentAt >= this.#pausedAt) this.#pauseReason = undefined;
  }

  /** Resolves when the caller may make its call. Throws if the deadline expires first. */
  async #turn(trace: AwsTrace, urgency: Urgency, repeated: boolean, ahead: number): Promise<void> {
    let tooLate: () => void = () => undefined;
    try {
      await new Promise<void>((admit, refuse) => {
        const waiter = { urgency, repeated, admit, refuse };
        tooLate = () => {
          this.#waiting = this.#waiting.filter((other) => other !== waiter);
          refuse(this.exhausted());
        };
        trace.deadline.addEventListener('abort', tooLate);
        this.#waiting.splice(ahead, 0, waiter);
        this.#schedule();
      });
    } finally {
      trace.deadline.removeEventListener('abort', tooLate);
    }
  }

  get #pauseMs(): number {
    return this.#pauseReason === undefined ? 0 : this.#pausedUntil - this.#clock.now();
  }

  /** The number of tokens that are required to admit a call. Only urgent calls may use the reserve. */
  #price(urgency: Urgency): number {
    return urgency === 'urgent' ? 1 : 1 + (this.#options.reserve ?? 0);
  }

  #refill(): void {
    const now = this.#clock.now();
    const earned = ((now - this.#countedAt) / 1000) * (this.#options.perSecond ?? 0);
    this.#tokens = Math.min(this.#capacity, this.#tokens + earned);
    this.#countedAt = now;
  }

  #schedule(): void {
    const next = this.#next;
    this.#cancelTimer();
    if (next === undefined) return;
    const missingMs = ((next.price - this.#tokens) / (this.#options.perSecond ?? 1)) * 1000;
    this.#cancelTimer = this.#clock.after(Math.max(1, missingMs, this.#pauseMs), () => {
      this.#admitWaiting();
    });
  }

  #admitWaiting(): void {
    this.#refill();
    for (let next = this.#next; next !== undefined; next = this.#next) {
      if (this.#tokens < next.price || this.#pauseMs > 0) break;
      const { waiter } = next;
      this.#waiting = this.#waiting.filter((other) => other !== waiter);
      this.#admit(waiter.urgency);
      waiter.admit();
    }
    this.#schedule();
  }

  /** The next waiting call, and the number of tokens that it requires. */
  get #next(): { readonly waiter: Waiter; readonly price: number } | undefined {
    const [first] = this.#waiting;
    if (first === undefined) return undefined;
    const overtaken =
      this.#overtaking < maxOvertaking
        ? undefined
        : this.#waiting.find(({ urgency }) => ranks[urgency] > ranks[first.urgency]);
    if (overtaken !== undefined) return { waiter: overtaken, price: 1 };
    // Urgent calls that did not have to wait have overtaken this call.
    const isDue = this.#overtaking >= maxOvertaking;
    return { waiter: first, price: isDue ? 1 : this.#price(first.urgency) };
  }

  #admit(urgency: Urgency): void {
    this.#tokens -= 1;
    const overtakes = this.#waiting.some((waiter) => ranks[waiter.urgency] > ranks[urgency]);
    this.#overtaking = overtakes && this.#overtaking < maxOvertaking ? this.#overtaking + 1 : 0;
  }
}
