import { DomainError, elbNotFound } from '../errors.ts';
import { type AwsTrace, type Logger, startTrace } from '../telemetry.ts';
import { Coalescer } from './coalescer.ts';
import type { LoadBalancerGateway, Members } from './load-balancer-gateway.ts';
import type { LoadBalancerTraits } from './load-balancer.ts';
import { type ElbName, type InstanceId, isDescribed, type MachineInfo, undescribed } from './machine.ts';
import { type Entry, MachineDirectory } from './machine-directory.ts';
import { Outage } from './outage.ts';
import { fulfilledWithin, withinDeadline } from './patience.ts';
import { type Change, type LoadBalancerList, type MachineList, type Membership, Picture } from './picture.ts';

const machineMaxAgeMs = 60_000;
const unknownMachineMaxAgeMs = 10_000;
/** What a read waits for a refresh before it takes the list that is known. */
const patienceMs = 250;
const probeEveryMs = 1000;
/** How long before a list expires it may be read anew, at most: earlier, AWS would be asked noticeably more often. */
const longestLeadMs = 150;
/** Instances in a call that a first read waits for; more would make it wait longer. */
const mostOfFirstCall = 50;
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
  readonly #gateway: LoadBalancerGateway;
  readonly #options: InventoryOptions;
  readonly #sharedDeadlineMs: number;
  readonly #picture = new Picture();
  readonly #machines: MachineDirectory;
  readonly #outage: Outage;
  readonly #regionReads = new Coalescer<AwsTrace>((sent) => this.#readRegion(sent));
  readonly #memberReads = new Map<ElbName, Coalescer<{ members: Members; requestIds: string[] }>>();
  #probe: NodeJS.Timeout | undefined;
  #lastReadAt = -Infinity;
  /** How long before a list expires it is read anew, so that nobody who reads on waits for it. */
  #leadMs = 0;

  constructor(gateway: LoadBalancerGateway, logger: Logger, options: InventoryOptions) {
    this.#gateway = gateway;
    this.#options = options;
    this.#sharedDeadlineMs = options.deadlineMs - headStartMs;
    this.#outage = new Outage('load balancers', logger);
    this.#machines = new MachineDirectory(gateway, logger, {
      maxAgeMs: machineMaxAgeMs,
      unknownMaxAgeMs: unknownMachineMaxAgeMs,
      deadlineMs: this.#sharedDeadlineMs,
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
    this.#readAhead(asOf, now);
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
    this.#lastReadAt = now;
    const oldest = noCache ? now : now - (maxAgeMs ?? Infinity);
    const how = await this.#refresh(elbName, Math.max(oldest, now - this.#options.maxAgeMs), oldest, trace);
    const membership = this.#picture.get(elbName);
    if (membership === undefined) throw elbNotFound(elbName, this.#options.region);
    membership.readAt = now;
    await this.#describe(membership.members, noCache ? now : -Infinity, now + patienceMs, trace);
    const machines = this.#describedMachines(membership);
    return { machines, asOf: membership.asOf, freshUntil: membership.asOf + this.#options.maxAgeMs, how };
  }

  /** Returns the load balancers of the region, as fresh as asked for, and else as `list` does. */
  async loadBalancers({ maxAgeMs, noCache = false }: Freshness, trace: AwsTrace): Promise<LoadBalancerList> {
    const now = performance.now();
    this.#lastReadAt = now;
    const oldest = noCache ? now : now - (maxAgeMs ?? Infinity);
    const how = await this.#refresh(undefined, Math.max(oldest, now - this.#options.maxAgeMs), oldest, trace);
    const asOf = this.#picture.regionAsOf;
    const loadBalancers = this.#picture.loadBalancers();
    return { loadBalancers, asOf, freshUntil: asOf + this.#options.maxAgeMs, how };
  }

  /** Returns the members without their descriptions, as fresh as lists are. Throws as `list` does. */
  async members(elbName: ElbName, trace: AwsTrace): Promise<Members> {
    const now = performance.now();
    this.#lastReadAt = now;
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

  /** Returns what is remembered of an instance, however old. */
  machine(instanceId: InstanceId): MachineInfo | undefined {
    return this.#machines.get(instanceId)?.machine;
  }

  /** Resolves once EC2 has told of these instances in calls that left at `since` or later. Throws what the gateway throws. */
  describe(instanceIds: Members, since: number, trace: AwsTrace): Promise<void> {
    const wanted = instanceIds.filter((id) => (this.#machines.get(id)?.asOf ?? -Infinity) < since);
    return withinDeadline(this.#machines.load(wanted, since, trace), 'the instances', trace);
  }

  /** Returns what EC2 tells of an instance from now on. Throws `instance_refused`, with its reason, where it knows none. */
  async machineNow(instanceId: InstanceId, trace: AwsTrace): Promise<MachineInfo> {
    const now = performance.now();
    // Those who come together share a call, which leaves unknown ids out.
    await this.describe([instanceId], now, trace);
    const described = this.#machines.get(instanceId);
    if (described !== undefined && isDescribed(described.machine)) return described.machine;
    const machine = await this.#gateway.describeMachine(instanceId, trace);
    this.#machines.learn(machine, now);
    return machine;
  }

  /** Returns what EC2 tells of members from now on, which may be nothing, in their order. */
  async membersDescribedNow(instanceIds: Members, trace: AwsTrace): Promise<MachineInfo[]> {
    await this.describe(instanceIds, performance.now(), trace);
    return instanceIds.map((id) => this.#machines.get(id)?.machine ?? undescribed(id));
  }

  /** Takes in what AWS listed after a change; where that is not to be believed, the region is read again, later. */
  changed(elbName: ElbName, change: Change, listed: Members | undefined): void {
    if (!this.#picture.changed(elbName, change, listed)) this.#readAgain();
  }

  /** The outcome of a change is unknown: what is known of the load balancer is not served as fresh, and read again. */
  doubt(elbName: ElbName): void {
    this.#picture.doubt(elbName);
    this.#readAgain();
  }

  /** Ends what goes on by itself. */
  close(): void {
    clearInterval(this.#probe);
  }

  /**
   * Has the picture hold the load balancer, or the region, as AWS told it at `since` or later, or, where that cannot be had and may be
   * served, at `oldest` or later.
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
      this.#readAhead(asOf, performance.now());
      return 'hit';
    }
    const demanded = known !== undefined && known.asOf < oldest;
    const servable = known !== undefined && !demanded && this.#mayBeServed(known);
    const why = known === undefined ? 'asked-unknown' : demanded ? 'asked-on-request' : 'asked-expired';
    if (this.#probe !== undefined) {
      if (servable) return 'stale';
      throw this.#outage.error;
    }
    // A refresh that left before the doubt arose would be put aside.
    const read = this.#regionReads.join(known?.doubtful === true ? Math.max(since, known.notBefore) : since);
    if (servable && !(await fulfilledWithin(read, patienceMs - this.#regionReads.outFor))) return 'stale';
    trace.requestIds.push(...(await withinDeadline(read, 'the load balancers', trace)).requestIds);
    return why;
  }

  #readAhead(asOf: number, now: number): void {
    if (now < asOf + this.#options.maxAgeMs - this.#leadMs) return;
    if (this.#regionReads.idle && this.#probe === undefined) this.#readAgain();
  }

  #mayBeServed({ asOf }: Pick<Membership, 'asOf'>): boolean {
    return performance.now() - asOf <= this.#options.maxStaleMs;
  }

  /** Has the directory hold descriptions from `since` or later, or at least ones that may be served. */
  async #describe(members: Members, since: number, patienceUntil: number, trace: AwsTrace): Promise<void> {
    const now = performance.now();
    const entries = members.map((id) => this.#machines.get(id));
    if (entries.every((entry) => entry !== undefined && entry.asOf >= since && entry.goodUntil > now)) return;
    const servable =
      since === -Infinity && entries.every((entry) => entry !== undefined && this.#mayStillBeServed(entry));
    const { outage, askedAt } = this.#machines;
    if (servable && outage.error !== undefined && now - askedAt < probeEveryMs) return;
    const wanted = members.filter((_id, index) => {
      const entry = entries[index];
      return entry === undefined || entry.asOf < since || entry.goodUntil <= now;
    });
    const { busy } = this.#machines;
    const load = this.#machines.load(
      wanted,
      since,
      trace,
      servable
        ? { companions: this.#expiredOfThoseRead(now) }
        : { companions: this.#undescribedMembers(), most: mostOfFirstCall },
    );
    if (!servable) await withinDeadline(load, 'the instances', trace);
    // When thousands expire together, EC2 is asked for seconds on end, and nobody needs to wait for that.
    else await fulfilledWithin(load, busy ? 0 : patienceUntil - performance.now());
  }

  #mayStillBeServed({ goodUntil }: Entry): boolean {
    return performance.now() - goodUntil <= this.#options.maxStaleMs;
  }

  /** One call can renew 200 descriptions: those that expired with these, of load balancers that are in use. */
  *#expiredOfThoseRead(now: number): Generator<InstanceId> {
    for (const id of this.#picture.membersReadSince(now - machineMaxAgeMs)) {
      const entry = this.#machines.get(id);
      if (entry !== undefined && entry.goodUntil <= now) yield id;
    }
  }

  /** What else is unknown may come along in a call for those that somebody waits for. */
  *#undescribedMembers(): Generator<InstanceId> {
    for (const id of this.#picture.everyMember()) if (this.#machines.get(id) === undefined) yield id;
  }

  #describedMachines(membership: Membership): readonly MachineInfo[] {
    const entries = membership.members.map((id) => this.#machines.get(id));
    let machines: readonly MachineInfo[] = membership.members.map(
      (instanceId, index) => entries[index]?.machine ?? undescribed(instanceId),
    );
    const before = membership.described?.machines;
    if (before?.every((machine, index) => machine === machines[index]) === true) machines = before;
    membership.described = {
      machines,
      goodUntil: Math.min(...entries.map((entry) => entry?.goodUntil ?? -Infinity)),
    };
    return machines;
  }

  async #readRegion(sent: () => void): Promise<AwsTrace> {
    let sentAt = performance.now();
    const probe = this.#probe !== undefined;
    const trace = startTrace(probe ? probeEveryMs : this.#refreshDeadlineMs, {
      probe,
      sent: () => {
        sentAt = performance.now();
        sent();
      },
    });
    try {
      this.#picture.learnRegion(await this.#gateway.describeRegion(trace), sentAt);
    } catch (error) {
      this.#outage.begin(error);
      this.#probe ??= setInterval(() => {
        this.#probeRegion();
      }, probeEveryMs).unref();
      throw error;
    }
    // Twice what it took, since the next one may take longer.
    this.#leadMs = Math.min(2 * (performance.now() - sentAt), longestLeadMs, this.#options.maxAgeMs / 4);
    this.#outage.end();
    clearInterval(this.#probe);
    this.#probe = undefined;
    // Whoever waits for this describes the instances of its own load balancer first.
    setImmediate(() => {
      this.#machines.fill(this.#picture.everyMember());
    });
    return trace;
  }

  /** Without a picture, readers have nothing but the answer to wait for. */
  get #refreshDeadlineMs(): number {
    const { refreshDeadlineMs } = this.#options;
    return this.#picture.regionAsOf === -Infinity
      ? this.#sharedDeadlineMs
      : Math.min(refreshDeadlineMs, this.#sharedDeadlineMs);
  }

  /** While AWS fails, readers are served what is known and do not ask, so this does; without readers nobody does. */
  #probeRegion(): void {
    if (performance.now() - this.#lastReadAt <= this.#options.maxStaleMs) {
      this.#readAgain();
      return;
    }
    clearInterval(this.#probe);
    this.#probe = undefined;
  }

  /** A failure has been told by the outage, and nobody waits for this. */
  #readAgain(): void {
    this.#regionReads.join(performance.now()).catch(() => undefined);
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
