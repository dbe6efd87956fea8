import { AwsError, type Service } from './protocol/aws-error.ts';
import type { Query } from './protocol/query-protocol.ts';

/** The throttling error of the service, or the same error with another code. */
export class ThrottlingError extends AwsError {
  constructor(service: Service, code = service === 'elb' ? 'Throttling' : 'RequestLimitExceeded') {
    super(code, service === 'elb' ? 'Rate exceeded' : 'Request limit exceeded.');
  }
}

class TokenBucket {
  readonly #capacity: number;
  readonly #refill: number;
  #tokens: number;
  #at: number;

  constructor(capacity: number, refill: number, now: number) {
    this.#capacity = capacity;
    this.#refill = refill;
    this.#tokens = capacity;
    this.#at = now;
  }

  available(now: number): boolean {
    this.#tokens = Math.min(this.#capacity, this.#tokens + ((now - this.#at) / 1000) * this.#refill);
    this.#at = now;
    return this.#tokens >= 1;
  }

  take(): void {
    this.#tokens -= 1;
  }
}

/**
 * The token buckets of an account in a region, with their burst size and refill rate per second. The values for Classic
 * Load Balancers are published measurements; those for EC2 are from the EC2 API reference, "Request throttling". `now`
 * returns milliseconds.
 */
export class RateLimits {
  readonly #now: () => number;
  readonly #elb: TokenBucket;
  readonly #elbDescribe: TokenBucket;
  readonly #elbMembers: TokenBucket;
  readonly #ec2: TokenBucket;
  readonly #ec2Unfiltered: TokenBucket;

  constructor(now: () => number) {
    const bucket = (capacity: number, refill: number) => new TokenBucket(capacity, refill, now());
    this.#now = now;
    this.#elb = bucket(40, 10);
    this.#elbDescribe = bucket(40, 10);
    this.#elbMembers = bucket(20, 4);
    this.#ec2 = bucket(100, 20);
    this.#ec2Unfiltered = bucket(50, 10);
  }

  /**
   * Takes a token from every bucket of the action, or from none of them. @throws AwsError Throttling,
   * RequestLimitExceeded
   */
  spend(service: Service, action: string, query: Query): void {
    const buckets = service === 'elb' ? this.#elbBuckets(action) : [this.#ec2Bucket(query)];
    const now = this.#now();
    if (!buckets.every((bucket) => bucket.available(now))) throw new ThrottlingError(service);
    for (const bucket of buckets) bucket.take();
  }

  #elbBuckets(action: string): readonly TokenBucket[] {
    return [this.#elb, action.startsWith('Describe') ? this.#elbDescribe : this.#elbMembers];
  }

  #ec2Bucket(query: Query): TokenBucket {
    const narrowed = query.numbers('Filter').length > 0 || query.get('MaxResults') !== undefined;
    return narrowed ? this.#ec2 : this.#ec2Unfiltered;
  }
}
