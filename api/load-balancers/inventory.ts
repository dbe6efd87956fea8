import { DomainError, elbNotFound } from '../errors.ts';
import { type AwsTrace, type Logger, startTrace } from '../telemetry.ts';
import { Coalescer } from './coalescer.ts';
import { Descriptions } from './descriptions.ts';
import type { LoadBalancerGateway, Members } from './load-balancer-gateway.ts';
import type { LoadBalancerTraits } from './load-balancer.ts';
import type { ElbName } from './machine.ts';
import { fulfilledWithin, withinDeadline } from './patience.ts';
import { type Change, type LoadBalancerList, type MachineList, type Membership, Picture } from './picture.ts';
import { RegionReads } from './region-reads.ts';

/** What a read waits for a refresh before it takes the list that is known. */
const patienceMs = 250;
/** Shared calls give up this much before those who wait for them, who so learn why and not only that it is late. */
const headStartMs = 100;

export interface InventoryOptions {
  readonly region: string;
  /** How old a list may be that is served without a question, in milliseconds; 0 asks every time. */
  readonly maxAgeMs: number;
  /** How old a list may be that is served because AWS fails, in milliseconds. */
  readonly maxStaleMs: number;
  /** What one request may take in all, in milliseconds. */
  readonly deadlineMs: number;
  /** What a refresh may take while known lists can be served instead, in milliseconds. */
  readonly refreshDeadlineMs: number;
}

/** What a caller asks of the age of an answer. */
export interface Freshness {
  /** No older than this, in milliseconds; 0 takes only what AWS tells from now on. */
  readonly maxAgeMs?: number;
  /** Whether the descriptions of the instances are to be read anew, too. */
  readonly noCache?: boolean;
}

/** What is known of the region's load balancers, and how fresh it is. */
export class Inventory {
  /** What EC2 tells of their members. */
  readonly descriptions: Descriptions;
  readonly #gateway: LoadBalancerGateway;
  readonly #options: InventoryOptions;
  readonly #sharedDeadlineMs: number;
  readonly #picture = new Picture();
  readonly #reads: RegionReads;
  readonly #memberReads = new Map<ElbName, Coalescer<{ members: Members; requestIds: string[] }>>();

  constructor(gateway: LoadBalancerGateway, logger: Logger, options: InventoryOptions) {
    this.#gateway = gateway;
    this.#options = options;
    const { maxAgeMs, maxStaleMs, deadlineMs, refreshDeadlineMs } = options;
    this.#sharedDeadlineMs = deadlineMs - headStartMs;
    const shared = { maxStaleMs, deadlineMs: this.#sharedDeadlineMs };
    this.descriptions = new Descriptions(gateway, this.#picture, logger, shared);
    const limits = {
      maxAgeMs,
      maxStaleMs,
      firstDeadlineMs: this.#sharedDeadlineMs,
      deadlineMs: refreshDeadlineMs,
    };
    this.#reads = new RegionReads(gateway, this.#picture, logger, limits, () => {
      // Whoever waits for this describes the instances of its own load balancer first.
      setImmediate(() => {
        this.descriptions.fill();
      });
    });
  }

  /**
   * Returns the list where it is known and fresh at `now` (of `performance.now()`), without asking and without waiting;
   * else undefined. It is the same object as long as it tells the same.
   */
  ready(elbName: ElbName, now: number): MachineList | undefined {
    const membership = this.#picture.get(elbName);
    if (membership?.described === undefined || membership.doubtful) return undefined;
    const { asOf, described } = membership;
    if (now >= asOf + this.#options.maxAgeMs || now >= described.goodUntil) return undefined;
    membership.readAt = now;
    this.#reads.ahead(asOf, now);
    if (described.ready?.asOf !== asOf) {
      described.ready = {
        machines: described.machines,
        asOf,
        freshUntil: asOf + this.#options.maxAgeMs,
        how: 'hit',
      };
    }
    return described.ready;
  }

  /**
   * Returns the members in AWS's order, as fresh as asked for. Known lists are served while AWS fails, as long as they
   * may be, unless the caller asked for fresh ones. Throws `elb_not_found`, and what the gateway throws.
   */
  async list(
    elbName: ElbName,
    { maxAgeMs, noCache = false }: Freshness,
    trace: AwsTrace,
  ): Promise<MachineList> {
    const now = performance.now();
    this.#reads.wanted(now);
    const oldest = noCache ? now : now - (maxAgeMs ?? Infinity);
    const how = await this.#refresh(elbName, Math.max(oldest, now - this.#options.maxAgeMs), oldest, trace);
    const membership = this.#picture.get(elbName);
    if (membership === undefined) throw elbNotFound(elbName, this.#options.region);
    membership.readAt = now;
    await this.descriptions.have(membership.members, noCache ? now : -Infinity, now + patienceMs, trace);
    const machines = this.descriptions.of(membership);
    return { machines, asOf: membership.asOf, freshUntil: membership.asOf + this.#options.maxAgeMs, how };
  }

  /** Returns the load balancers of the region, as fresh as asked for, and else as `list` does. */
  async loadBalancers({ maxAgeMs, noCache = false }: Freshness, trace: AwsTrace): Promise<LoadBalancerList> {
    const now = performance.now();
    this.#reads.wanted(now);
    const oldest = noCache ? now : now - (maxAgeMs ?? Infinity);
    const how = await this.#refresh(undefined, Math.max(oldest, now - this.#options.maxAgeMs), oldest, trace);
    const asOf = this.#picture.regionAsOf;
    const loadBalancers = this.#picture.loadBalancers();
    return { loadBalancers, asOf, freshUntil: asOf + this.#options.maxAgeMs, how };
  }

  /** Returns the members without their descriptions, as fresh as lists are. Throws as `list` does. */
  async members(elbName: ElbName, trace: AwsTrace): Promise<Members> {
    const now = performance.now();
    this.#reads.wanted(now);
    await this.#refresh(elbName, now - this.#options.maxAgeMs, -Infinity, trace);
    const membership = this.#picture.get(elbName);
    if (membership === undefined) throw elbNotFound(elbName, this.#options.region);
    return membership.members;
  }

  /** What AWS told last of a load balancer beside its members, however old. */
  traits(elbName: ElbName): LoadBalancerTraits | undefined {
    return this.#picture.traits(elbName);
  }

  /** How many load balancers are known, and when the call left that told of them, on the clock of `performance.now()`. */
  get picture(): { loadBalancers: number; asOf: number } {
    return { loadBalancers: this.#picture.size, asOf: this.#picture.regionAsOf };
  }

  /**
   * Returns the members that AWS lists from now on, for the check before a change; concurrent checks share a call.
   * Throws `elb_not_found`, and what the gateway throws.
   */
  async membersNow(elbName: ElbName, trace: AwsTrace): Promise<Members> {
    let reads = this.#memberReads.get(elbName);
    if (reads === undefined) {
      // A change must not wait for a check that is not its own.
      reads = new Coalescer((sent) => this.#readMembers(elbName, sent), { sideBySide: true });
      this.#memberReads.set(elbName, reads);
    }
    try {
      const { members, requestIds } = await withinDeadline(
        reads.join(performance.now()),
        'the load balancer',
        trace,
      );
      trace.requestIds.push(...requestIds);
      return members;
    } finally {
      if (reads.idle) this.#memberReads.delete(elbName);
    }
  }

  /** Takes in what AWS listed after a change; where that is not to be believed, the region is read again, later. */
  changed(elbName: ElbName, change: Change, listed: Members | undefined): void {
    if (!this.#picture.changed(elbName, change, listed)) this.#reads.again();
  }

  /** The outcome of a change is unknown: what is known of the load balancer is not served as fresh, and read again. */
  doubt(elbName: ElbName): void {
    this.#picture.doubt(elbName);
    this.#reads.again();
  }

  /** Ends what goes on by itself. */
  close(): void {
    this.#reads.close();
  }

  /**
   * Has the picture hold the load balancer, or the region, as AWS told it at `since` or later, or, where that cannot be
   * had and may be served, at `oldest` or later.
   */
  async #refresh(
    elbName: ElbName | undefined,
    since: number,
    oldest: number,
    trace: AwsTrace,
  ): Promise<MachineList['how']> {
    const known = elbName === undefined ? this.#picture.wholeRegion : this.#picture.get(elbName);
    const asOf = known === undefined ? this.#picture.regionAsOf : known.doubtful ? -Infinity : known.asOf;
    if (asOf >= since) {
      this.#reads.ahead(asOf, performance.now());
      return 'hit';
    }
    const demanded = known !== undefined && known.asOf < oldest;
    const servable = known !== undefined && !demanded && this.#mayBeServed(known);
    const why = known === undefined ? 'asked-unknown' : demanded ? 'asked-on-request' : 'asked-expired';
    const { failure } = this.#reads;
    if (failure !== undefined) {
      if (servable) return 'stale';
      throw failure as Error;
    }
    // A refresh that left before the doubt arose would be put aside.
    const read = this.#reads.since(
      known?.doubtful === true ? Math.max(since, known.notBefore) : since,
      trace,
    );
    if (!servable) await read;
    else if (!(await fulfilledWithin(read, patienceMs - this.#reads.outFor))) return 'stale';
    return why;
  }

  #mayBeServed({ asOf }: Pick<Membership, 'asOf'>): boolean {
    return performance.now() - asOf <= this.#options.maxStaleMs;
  }

  async #readMembers(
    elbName: ElbName,
    sent: () => void,
  ): Promise<{ members: Members; requestIds: string[] }> {
    let sentAt = performance.now();
    const trace = startTrace(this.#sharedDeadlineMs, {
      sent: () => {
        sentAt = performance.now();
        sent();
      },
    });
    try {
      const description = await this.#gateway.describeLoadBalancer(elbName, trace);
      const { members } = description;
      this.#picture.learn(elbName, members, sentAt);
      this.#picture.describe(elbName, description);
      return { members, requestIds: trace.requestIds };
    } catch (error) {
      if (error instanceof DomainError && error.code === 'elb_not_found')
        this.#picture.forget(elbName, sentAt);
      throw error;
    }
  }
}
