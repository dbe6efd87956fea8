import { elbNotFound } from '../failures.ts';
import { DomainError } from '../../errors.ts';
import { type AwsTrace, startTrace } from '../../telemetry/aws-trace.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Clock } from '../../clock.ts';
import { Coalescer, type SharedCall } from '../../async/coalescer.ts';
import { InstanceLists } from './instance-lists.ts';
import { InstanceDetails } from './instance-details.ts';
import { KeyedCoalescer } from '../../async/keyed-coalescer.ts';
import type { LoadBalancerGateway } from '../load-balancer-gateway.ts';
import type { LoadBalancerTraits } from '../load-balancer.ts';
import type { ElbName, Members } from '../instance.ts';
import { type Change, isDoubtful, type Membership } from './membership.ts';
import { fulfilledWithin, withinDeadline } from '../../async/deadlines.ts';
import { type LoadBalancerList, type InstanceList, RegionCache } from './region-cache.ts';
import { RegionRefresher } from './region-refresher.ts';

/** How long a read waits for a refresh before it serves the known list, in milliseconds. */
const patienceMs = 250;
/** Shared calls time out this much earlier than their waiters, so that waiters get the cause, in milliseconds. */
const headStartMs = 100;
/** Milliseconds between reads of the region for names that are not known. */
const unknownEveryMs = 1000;

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
  /** The clock of all times in and out of the inventory. */
  readonly clock: Clock;
}

/** How old an answer may be at most. */
export interface Freshness {
  /** In milliseconds; 0 takes only an answer of AWS to a call that leaves from now on. */
  readonly maxAgeMs?: number;
  /** Whether the descriptions of the instances are read again, too. */
  readonly noCache?: boolean;
}

type Aged = Pick<InstanceList, 'asOf' | 'freshUntil' | 'how'>;

/** Everything known of the region's load balancers, and how fresh it is. */
export class Inventory {
  /** EC2's descriptions of their members. */
  readonly descriptions: InstanceDetails;
  readonly #gateway: LoadBalancerGateway;
  readonly #options: InventoryOptions;
  readonly #sharedDeadlineMs: number;
  readonly #picture = new RegionCache();
  readonly #reads: RegionRefresher;
  readonly #clock: Clock;
  readonly #lists: InstanceLists;
  readonly #memberReads: KeyedCoalescer<ElbName, readonly string[]>;
  readonly #unknownReads: Coalescer<readonly string[]>;
  #unknownReadAt = -Infinity;

  constructor(gateway: LoadBalancerGateway, logger: Logger, options: InventoryOptions) {
    this.#gateway = gateway;
    this.#options = options;
    const { maxAgeMs, maxStaleMs, deadlineMs, refreshDeadlineMs, clock } = options;
    this.#clock = clock;
    // A change does not wait for the check of another change.
    const membersOptions = { clock, sideBySide: true };
    this.#memberReads = new KeyedCoalescer((...read) => this.#readMembers(...read), membersOptions);
    this.#unknownReads = new Coalescer((call) => this.#readForUnknown(call), { clock });
    this.#sharedDeadlineMs = deadlineMs - headStartMs;
    const shared = { maxStaleMs, deadlineMs: this.#sharedDeadlineMs, clock };
    this.descriptions = new InstanceDetails(gateway, this.#picture, logger, shared);
    this.#lists = new InstanceLists(this.#picture, this.descriptions);
    const limits = {
      maxAgeMs,
      maxStaleMs,
      firstDeadlineMs: this.#sharedDeadlineMs,
      deadlineMs: refreshDeadlineMs,
      clock,
    };
    this.#reads = new RegionRefresher(gateway, this.#picture, logger, limits, () => {
      this.#lists.prune();
      // Reads that wait for this call describe the instances of their own load balancer first.
      setImmediate(() => {
        this.descriptions.fill();
      });
    });
  }

  /**
   * Returns the list if it is known and fresh at `now`, without a call and without waiting; else undefined. It is the
   * same object as long as it and its age stay the same.
   */
  ready(elbName: ElbName, now: number): InstanceList | undefined {
    const membership = this.#picture.get(elbName);
    if (membership === undefined || isDoubtful(membership)) return undefined;
    const freshUntil = membership.asOf + this.#options.maxAgeMs;
    const list = now < freshUntil ? this.#lists.hit(elbName, membership, freshUntil, now) : undefined;
    if (list === undefined) return undefined;
    this.#picture.read(elbName, now);
    this.#reads.ahead(membership.asOf, now);
    return list;
  }

  /**
   * Returns the members in AWS's order, as fresh as asked for. Known lists are served while AWS fails, as long as they
   * may be, unless the caller asked for fresh ones. Throws `elb_not_found`, and what the gateway throws.
   */
  async list(elbName: ElbName, freshness: Freshness, trace: AwsTrace): Promise<InstanceList> {
    const now = this.#clock.now();
    const how = await this.#refresh(elbName, freshness, now, trace);
    const membership = this.#known(elbName);
    this.#picture.read(elbName, now);
    await this.descriptions.have(
      membership.members,
      freshness.noCache === true ? now : -Infinity,
      now + patienceMs,
      trace,
    );
    return this.#aged(this.#lists.describe(elbName, membership.members), membership.asOf, how);
  }

  /** Returns the load balancers of the region, as fresh as asked for, and else as `list` does. */
  async loadBalancers(freshness: Freshness, trace: AwsTrace): Promise<LoadBalancerList> {
    const how = await this.#refresh(undefined, freshness, this.#clock.now(), trace);
    return this.#aged(this.#picture.loadBalancers(), this.#picture.regionAsOf, how);
  }

  /** Returns the members without their descriptions, as fresh as lists are or as asked for. Throws as `list` does. */
  async members(elbName: ElbName, trace: AwsTrace, maxAgeMs = Infinity): Promise<Members> {
    await this.#refresh(elbName, { maxAgeMs }, this.#clock.now(), trace);
    return this.#known(elbName).members;
  }

  /** Returns the traits of a load balancer, however old; undefined where no answer of AWS has shown them. */
  traits(elbName: ElbName): LoadBalancerTraits | undefined {
    return this.#picture.traits(elbName);
  }

  /** How many load balancers are known, and when the call left that listed them; -Infinity before the first. */
  get picture(): { loadBalancers: number; asOf: number } {
    return { loadBalancers: this.#picture.size, asOf: this.#picture.regionAsOf };
  }

  /** Returns when this process last changed the load balancer, or may have; else -Infinity. */
  changedAt(elbName: ElbName): number {
    return this.#picture.get(elbName)?.changedAt ?? -Infinity;
  }

  /**
   * Returns the members as of now, for the check before a change; concurrent checks share a call. Checks that are not
   * urgent, as of a dry run, share the reads of the region with everybody, whatever load balancers they are for. Throws
   * `elb_not_found`, and what the gateway throws.
   */
  async membersNow(
    elbName: ElbName,
    trace: AwsTrace,
    urgency: 'urgent' | 'ordinary' = 'urgent',
  ): Promise<Members> {
    const now = this.#clock.now();
    await this.requireKnown(elbName, trace);
    if (urgency === 'ordinary') await this.#refresh(elbName, { noCache: true }, now, trace);
    if (this.#known(elbName).asOf >= now) return this.#known(elbName).members;
    const read = this.#memberReads.join(elbName, this.#clock.now());
    const { value } = await withinDeadline(read, 'the load balancer', trace);
    trace.requestIds.push(...value);
    return this.#known(elbName).members;
  }

  /**
   * Resolves if the load balancer exists. A name that is not known costs no call of its own: all such names share one
   * read of the region a second, which leaves after the request arrived, so that a load balancer that was just created
   * is found, and which does not go before other reads. Throws `elb_not_found`, and what the gateway throws.
   */
  async requireKnown(elbName: ElbName, trace: AwsTrace): Promise<void> {
    if (this.#picture.get(elbName) !== undefined) return;
    const { failure } = this.#reads;
    if (failure !== undefined) throw failure as Error;
    const read = this.#unknownReads.join(this.#clock.now());
    const { value } = await withinDeadline(read, 'the load balancers', trace);
    trace.requestIds.push(...value);
    this.#known(elbName);
  }

  /** Reads the region for names that are not known, once a second at most. Returns AWS's ids of the calls. */
  async #readForUnknown(call: SharedCall): Promise<readonly string[]> {
    const waitMs = this.#unknownReadAt + unknownEveryMs - this.#clock.now();
    if (waitMs > 0) await new Promise<void>((resolve) => this.#clock.after(waitMs, resolve));
    call.sent();
    this.#unknownReadAt = call.asOf;
    const trace = startTrace(this.#clock, this.#sharedDeadlineMs);
    await this.#reads.since(this.#unknownReadAt, trace);
    return trace.requestIds;
  }

  /**
   * Makes a change: `make` calls AWS and returns the members that AWS lists in its answer, or undefined where that
   * answer was lost. From then on the change is part of every list; where AWS's list cannot be believed, the region is
   * read again. Throws what `make` throws.
   */
  async changing<T extends Members | undefined>(
    elbName: ElbName,
    change: Change,
    make: () => Promise<T>,
  ): Promise<T> {
    const end = this.#picture.changing(elbName, change, this.#clock.now());
    let answer: Parameters<typeof end>[0];
    try {
      const listed = await make();
      answer = { listed, at: this.#clock.now() };
      return listed;
    } finally {
      if (!end(answer)) this.#reads.again();
    }
  }

  /** Notes that the outcome of a change is unknown: the known list no longer counts as fresh, and is read again. */
  doubt(elbName: ElbName): void {
    this.#picture.doubt(elbName, this.#clock.now());
    this.#reads.again();
  }

  /** Ends the probes of AWS. */
  close(): void {
    this.#reads.close();
  }

  #known(elbName: ElbName): Membership {
    const membership = this.#picture.get(elbName);
    if (membership === undefined) throw elbNotFound(elbName, this.#options.region);
    return membership;
  }

  #aged<T>(list: T, asOf: number, how: InstanceList['how']): T & Aged {
    return { ...list, asOf, freshUntil: asOf + this.#options.maxAgeMs, how };
  }

  /**
   * Has the picture hold the load balancer, or the region, as fresh as the options and the caller want it at `now`;
   * where that cannot be had and the caller allows it, older. Returns how the list can be served.
   */
  async #refresh(
    elbName: ElbName | undefined,
    { maxAgeMs = Infinity, noCache = false }: Freshness,
    now: number,
    trace: AwsTrace,
  ): Promise<InstanceList['how']> {
    this.#reads.wanted(now);
    const oldest = noCache ? now : now - maxAgeMs;
    const since = Math.max(oldest, now - this.#options.maxAgeMs);
    const known = elbName === undefined ? this.#picture.wholeRegion : this.#picture.get(elbName);
    const doubtful = known !== undefined && isDoubtful(known);
    const asOf = known === undefined ? this.#picture.regionAsOf : known.asOf;
    if (!doubtful && asOf >= since) {
      this.#reads.ahead(asOf, this.#clock.now());
      return 'hit';
    }
    const demanded = known !== undefined && known.asOf < oldest;
    const servable =
      known !== undefined && !demanded && this.#clock.now() - known.asOf <= this.#options.maxStaleMs;
    const why = known === undefined ? 'asked-unknown' : demanded ? 'asked-on-request' : 'asked-expired';
    const { failure } = this.#reads;
    if (failure !== undefined) {
      if (servable) return 'stale';
      throw failure as Error;
    }
    // A refresh that left before the doubt arose does not end it.
    const read = this.#reads.since(doubtful ? Math.max(since, known.doubtedAt) : since, trace);
    if (!servable) await read;
    else if (!(await fulfilledWithin(read, patienceMs - this.#reads.outFor, this.#clock))) return 'stale';
    return why;
  }

  /** Reads one load balancer into the picture. Returns AWS's ids of the calls. */
  async #readMembers(elbName: ElbName, call: SharedCall): Promise<readonly string[]> {
    const trace = startTrace(this.#clock, this.#sharedDeadlineMs, { sent: call.sent });
    try {
      const description = await this.#gateway.describeLoadBalancer(elbName, trace);
      this.#picture.learn(elbName, description, call.asOf);
      return trace.requestIds;
    } catch (error) {
      if (error instanceof DomainError && error.code === 'elb_not_found')
        this.#picture.forget(elbName, call.asOf);
      throw error;
    }
  }
}
