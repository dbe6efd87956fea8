import { DomainError } from '../errors.ts';
import type { Urgency } from '../load-balancers/load-balancer-gateway.ts';
import type { AwsTrace } from '../telemetry/aws-trace.ts';
import type { BudgetState, DelayedCalls } from '../telemetry/budget-state.ts';
import type { Clock } from '../time.ts';

/** How long everybody stays away after AWS said that it is asked too often, or after it was not reached, in milliseconds. */
const backOffMs = 1000;

export interface CallBudgetOptions {
  /** What is asked here, as a sentence names it: "load balancer reads". */
  readonly name: string;
  /** Calls a second in the long run; a second's worth may come at once. Unlimited without it. */
  readonly perSecond?: number;
  /** Calls beside that second's worth which only urgent callers may take. */
  readonly reserve?: number;
  readonly clock: Clock;
}

/** Who comes with a lower rank goes first. */
const ranks: Readonly<Record<Urgency, number>> = { urgent: 0, ordinary: 1, patient: 2 };

/** The number of calls in a row that may overtake waiting calls of a lower rank. */
const mostOvertaking = 2;

const never: DelayedCalls = { calls: 0, last: undefined };

interface Waiter {
  readonly urgency: Urgency;
  readonly repeated: boolean;
  readonly admit: () => void;
  readonly refuse: (because: DomainError) => void;
}

/**
 * The way out for one kind of AWS call, shared by the whole process: a token bucket, so that this service leaves the
 * account's rate to others too, and a pause for everybody after AWS throttled or was not reached.
 */
export class CallBudget {
  readonly #options: CallBudgetOptions;
  readonly #capacity: number;
  #tokens: number;
  readonly #clock: Clock;
  #countedAt: number;
  #waiting: Waiter[] = [];
  #cancelTimer: () => void = () => undefined;
  /** Calls in a row that were admitted while others of a lower rank waited. */
  #overtaking = 0;
  #closedAt = -Infinity;
  #closedUntil = -Infinity;
  #closedBecause: DomainError | undefined;
  #heldUp: { readonly us: DelayedCalls; readonly aws: DelayedCalls } = { us: never, aws: never };

  constructor(options: CallBudgetOptions) {
    this.#options = options;
    this.#capacity = (options.perSecond ?? Infinity) + (options.reserve ?? 0);
    this.#tokens = this.#capacity;
    this.#clock = options.clock;
    this.#countedAt = this.#clock.now();
  }

  /**
   * Resolves when a call may be made. Urgent calls go first and may take the reserve; patient ones go last. A third of
   * the calls is left to lower ranks that wait. A repeated try waits for the end of a pause; a first one throws what
   * caused the pause. Throws `aws_throttled` where the turn would come only after the trace's deadline.
   */
  async take(trace: AwsTrace, { urgency, repeated }: { urgency: Urgency; repeated: boolean }): Promise<void> {
    const pause = this.#pauseMs;
    if (pause > 0 && this.#closedBecause !== undefined && trace.probe !== true) {
      this.#countHeldUp('aws');
      if (!repeated || this.#clock.now() + pause > trace.deadlineAt) throw this.#closedBecause;
      await new Promise<void>((resolve) => this.#clock.after(pause, resolve));
    }
    if (this.#options.perSecond === undefined) return;
    this.#refill();
    const ahead = this.#waiting.filter((waiter) => ranks[waiter.urgency] <= ranks[urgency]).length;
    const mustYield = this.#overtaking >= mostOvertaking && this.#waiting.length > ahead;
    if (ahead === 0 && !mustYield && this.#tokens >= this.#price(urgency)) {
      this.#admit(urgency);
      return;
    }
    this.#countHeldUp('us');
    const alike = this.#waiting.filter((waiter) => waiter.urgency === urgency).length;
    // Only this many of a higher rank go first.
    const before = Math.min(ahead, (alike + 1) * (mostOvertaking + 1) - 1);
    const waitMs = ((this.#price(urgency) + before - this.#tokens) / this.#options.perSecond) * 1000;
    if (this.#clock.now() + waitMs > trace.deadlineAt) throw this.spent(waitMs);
    await this.#turn(trace, urgency, repeated, ahead);
  }

  /** How things stand. */
  get state(): BudgetState {
    this.#refill();
    const { name, perSecond } = this.#options;
    return {
      name,
      perSecond,
      left: perSecond === undefined ? undefined : Math.floor(this.#tokens),
      waiting: this.#waiting.length,
      heldUpByUs: this.#heldUp.us,
      heldUpByAws: this.#heldUp.aws,
    };
  }

  #countHeldUp(by: 'us' | 'aws'): void {
    this.#heldUp = {
      ...this.#heldUp,
      [by]: { calls: this.#heldUp[by].calls + 1, last: new Date(this.#clock.epochMs()) },
    };
  }

  /** What there is to tell a caller whose turn would come too late. */
  spent(waitMs: number = backOffMs): DomainError {
    return new DomainError('aws_throttled', `this service's own budget of ${this.#options.name} is spent`, {
      advice: 'nothing was changed, so try again in a few seconds',
      retryAfterSeconds: Math.ceil(waitMs / 1000),
    });
  }

  /** AWS throttled, or could not be reached by any attempt: for a while nobody asks, and first tries fail with this. */
  pause(because: DomainError): void {
    this.#closedAt = this.#clock.now();
    this.#closedUntil = this.#closedAt + backOffMs;
    this.#closedBecause = because;
    const firstTries = this.#waiting.filter(({ repeated }) => !repeated);
    this.#waiting = this.#waiting.filter(({ repeated }) => repeated);
    for (const { refuse } of firstTries) {
      this.#countHeldUp('aws');
      refuse(because);
    }
  }

  /** AWS answered a call that left at `leftAt`, which says nothing where it has throttled others since then. */
  reopen(leftAt: number): void {
    if (leftAt >= this.#closedAt) this.#closedBecause = undefined;
  }

  /** Resolves when the caller's turn has come. Throws where those before it kept it from that until its deadline. */
  async #turn(trace: AwsTrace, urgency: Urgency, repeated: boolean, ahead: number): Promise<void> {
    let tooLate: () => void = () => undefined;
    try {
      await new Promise<void>((admit, refuse) => {
        const waiter = { urgency, repeated, admit, refuse };
        tooLate = () => {
          this.#waiting = this.#waiting.filter((other) => other !== waiter);
          refuse(this.spent());
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
    return this.#closedBecause === undefined ? 0 : this.#closedUntil - this.#clock.now();
  }

  /** Tokens that must be there: an ordinary call leaves the reserve alone. */
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

  /** The waiting call whose turn is next, and the tokens that must be there for it. */
  get #next(): { readonly waiter: Waiter; readonly price: number } | undefined {
    const [first] = this.#waiting;
    if (first === undefined) return undefined;
    const overtaken =
      this.#overtaking < mostOvertaking
        ? undefined
        : this.#waiting.find(({ urgency }) => ranks[urgency] > ranks[first.urgency]);
    if (overtaken !== undefined) return { waiter: overtaken, price: 1 };
    // Urgent calls that do not wait themselves have overtaken it.
    const isDue = this.#overtaking >= mostOvertaking;
    return { waiter: first, price: isDue ? 1 : this.#price(first.urgency) };
  }

  #admit(urgency: Urgency): void {
    this.#tokens -= 1;
    const overtakes = this.#waiting.some((waiter) => ranks[waiter.urgency] > ranks[urgency]);
    this.#overtaking = overtakes && this.#overtaking < mostOvertaking ? this.#overtaking + 1 : 0;
  }
}
