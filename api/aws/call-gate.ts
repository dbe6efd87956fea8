import { DomainError } from '../errors.ts';
import type { AwsTrace } from '../telemetry.ts';

/** How long everybody stays away after AWS said that it is asked too often, or after it was not reached, in milliseconds. */
const backOffMs = 1000;

export interface CallGateOptions {
  /** What is asked here, as a sentence names it: "load balancer reads". */
  readonly name: string;
  /** Calls a second in the long run; a second's worth may come at once. Unlimited without it. */
  readonly perSecond?: number;
  /** Calls beside that second's worth which only urgent callers may take. */
  readonly reserve?: number;
}

interface Waiter {
  readonly urgent: boolean;
  readonly admit: () => void;
}

/**
 * The way out for one kind of AWS call, shared by the whole process: a token bucket, so that this service leaves the
 * account's rate to others too, and a pause for everybody after AWS throttled or was not reached.
 */
export class CallGate {
  readonly #options: CallGateOptions;
  readonly #capacity: number;
  #tokens: number;
  #countedAt = performance.now();
  #waiting: Waiter[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closedUntil = -Infinity;
  #closedBecause: DomainError | undefined;

  constructor(options: CallGateOptions) {
    this.#options = options;
    this.#capacity = (options.perSecond ?? Infinity) + (options.reserve ?? 0);
    this.#tokens = this.#capacity;
  }

  /**
   * Resolves when a call may be made. Urgent callers go first and may take the reserve. A repeated try waits for the
   * end of a pause; a first one throws what caused the pause. Throws `aws_throttled` where the turn would come only
   * after the trace's deadline.
   */
  async take(trace: AwsTrace, { urgent, repeated }: { urgent: boolean; repeated: boolean }): Promise<void> {
    const pause = this.#closedUntil - performance.now();
    if (pause > 0 && this.#closedBecause !== undefined && trace.probe !== true) {
      if (!repeated || performance.now() + pause > trace.deadlineAt) throw this.#closedBecause;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    if (this.#options.perSecond === undefined) return;
    this.#refill();
    const ahead = urgent ? this.#waiting.filter((waiter) => waiter.urgent).length : this.#waiting.length;
    if (ahead === 0 && this.#tokens >= this.#price(urgent)) {
      this.#tokens -= 1;
      return;
    }
    const waitMs = ((this.#price(urgent) + ahead - this.#tokens) / this.#options.perSecond) * 1000;
    if (performance.now() + waitMs > trace.deadlineAt) {
      throw new DomainError('aws_throttled', `this service's own budget of ${this.#options.name} is spent`, {
        advice: 'nothing was changed, so try again in a few seconds',
        retryAfterSeconds: Math.ceil(waitMs / 1000),
      });
    }
    await new Promise<void>((admit) => {
      this.#waiting.splice(urgent ? ahead : this.#waiting.length, 0, { urgent, admit });
      this.#schedule();
    });
  }

  /** AWS throttled, or could not be reached by any attempt: for a while nobody asks, and first tries fail with this. */
  pause(because: DomainError): void {
    this.#closedUntil = performance.now() + backOffMs;
    this.#closedBecause = because;
  }

  /** AWS answered. */
  reopen(): void {
    this.#closedBecause = undefined;
  }

  /** Tokens that must be there: an ordinary call leaves the reserve alone. */
  #price(urgent: boolean): number {
    return urgent ? 1 : 1 + (this.#options.reserve ?? 0);
  }

  #refill(): void {
    const now = performance.now();
    const earned = ((now - this.#countedAt) / 1000) * (this.#options.perSecond ?? 0);
    this.#tokens = Math.min(this.#capacity, this.#tokens + earned);
    this.#countedAt = now;
  }

  #schedule(): void {
    const first = this.#waiting[0];
    if (first === undefined || this.#timer !== undefined) return;
    const missing = this.#price(first.urgent) - this.#tokens;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#admitWaiting();
      },
      Math.max(1, (missing / (this.#options.perSecond ?? 1)) * 1000),
    );
  }

  #admitWaiting(): void {
    this.#refill();
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (this.#tokens < this.#price(first.urgent)) break;
      this.#tokens -= 1;
      this.#waiting.shift();
      first.admit();
    }
    this.#schedule();
  }
}
