import { DomainError } from '../errors.ts';
import { type AwsTrace, startTrace } from '../telemetry.ts';
import type { Clock } from '../time.ts';
import { Coalescer, type SharedCall } from './coalescer.ts';
import type { MemberHealth } from './health.ts';
import type { Inventory } from './inventory.ts';
import type { LoadBalancerGateway, Members, Urgency } from './load-balancer-gateway.ts';
import type { ElbName, InstanceId } from './machine.ts';
import { withinDeadline } from './patience.ts';
import type { RecentChanges } from './recent-changes.ts';

/** The health of all members of a load balancer, and of those that drain. */
export interface HealthReading {
  readonly health: readonly MemberHealth[];
  /** When the call left, on the scale of `Clock.now()`. */
  readonly asOf: number;
}

/** AWS's answer, with its ids of the call. */
interface HealthAnswer {
  readonly health: readonly MemberHealth[];
  readonly requestIds: readonly string[];
}

interface Reads {
  readonly ordinary: Coalescer<HealthAnswer>;
  /** Checks before a change must not wait for a read that is not theirs. */
  readonly urgent: Coalescer<HealthAnswer>;
  last?: HealthReading;
}

/** Load balancers whose last reading is kept; a reading of 1,000 members is some 300 KB. */
const mostKept = 50;
const drainingMaxAgeMs = 300_000;
/** How long a draining time-out that AWS failed to answer is not asked for again, in milliseconds. */
const drainingRetryMs = 5000;

/** The draining time-out of a load balancer, as AWS last answered it. */
interface DrainingTimeout {
  seconds: number | undefined;
  goodUntil: number;
  /** The call in flight, with AWS's ids of it; undefined without one. */
  reading: Promise<readonly string[]> | undefined;
}

/** Asks AWS for the health of members, one call at a time for all who ask for the same. */
export class HealthReads {
  readonly #gateway: LoadBalancerGateway;
  readonly #changes: RecentChanges;
  readonly #inventory: Pick<Inventory, 'changedAt' | 'requireKnown'>;
  readonly #deadlineMs: number;
  readonly #clock: Clock;
  readonly #reads = new Map<ElbName, Reads>();
  readonly #draining = new Map<ElbName, DrainingTimeout>();

  constructor(
    gateway: LoadBalancerGateway,
    changes: RecentChanges,
    inventory: Pick<Inventory, 'changedAt' | 'requireKnown'>,
    deadlineMs: number,
    clock: Clock,
  ) {
    this.#clock = clock;
    this.#gateway = gateway;
    this.#changes = changes;
    this.#inventory = inventory;
    this.#deadlineMs = deadlineMs;
  }

  /**
   * Returns AWS's health of the load balancer's members and of those that drain, from a call that left at `since` or
   * later, and after the last answered or unknown change. Throws `elb_not_found`, and what the gateway throws.
   */
  async all(
    elbName: ElbName,
    since: number,
    urgency: 'urgent' | 'ordinary',
    trace: AwsTrace,
  ): Promise<HealthReading> {
    await this.#inventory.requireKnown(elbName, trace);
    let reads = this.#reads.get(elbName);
    if (reads === undefined) {
      reads = {
        ordinary: new Coalescer((call) => this.#read(elbName, 'ordinary', call), { clock: this.#clock }),
        urgent: new Coalescer((call) => this.#read(elbName, 'urgent', call), {
          sideBySide: true,
          clock: this.#clock,
        }),
      };
      this.#keep(elbName, reads);
    }
    const notBefore = Math.max(since, this.#inventory.changedAt(elbName));
    if (reads.last !== undefined && reads.last.asOf >= notBefore) return reads.last;
    const read = reads[urgency].join(notBefore);
    const { value, asOf } = await withinDeadline(read, 'the health of the instances', trace);
    const reading = { health: value.health, asOf };
    if (reads.last === undefined || reads.last.asOf < asOf) reads.last = reading;
    trace.requestIds.push(...value.requestIds);
    return reading;
  }

  /** Returns the last reading if it left at `since` or later, and after the last change; no call is made. */
  known(elbName: ElbName, since: number): HealthReading | undefined {
    const last = this.#reads.get(elbName)?.last;
    const notBefore = Math.max(since, this.#inventory.changedAt(elbName));
    return last !== undefined && last.asOf >= notBefore ? last : undefined;
  }

  /** Returns the last reading of the whole load balancer, however old; undefined where there is none. */
  last(elbName: ElbName): HealthReading | undefined {
    return this.#reads.get(elbName)?.last;
  }

  /**
   * Returns what AWS tells of these instances from now on, also of former members; those of which it knows nothing
   * there are missing. Throws `elb_not_found`, and what the gateway throws.
   */
  async some(
    elbName: ElbName,
    instanceIds: Members,
    trace: AwsTrace,
  ): Promise<Map<InstanceId, MemberHealth>> {
    const asOf = this.#clock.now();
    let refused: readonly string[];
    try {
      const health = await this.#gateway.describeHealth(elbName, instanceIds, 'patient', trace);
      this.#learn(elbName, health, asOf);
      return new Map(health.map((one) => [one.instanceId, one]));
    } catch (error) {
      if (!(error instanceof DomainError && error.code === 'instance_refused')) throw error;
      refused = error.details.refusedInstances ?? [];
    }
    // One unknown id fails the call for all of them: it is left out where AWS names it, and found by halving otherwise.
    const left = instanceIds.filter((id) => !refused.includes(id));
    // A call without ids would return the health of all members.
    if (instanceIds.length === 1 || left.length === 0) return new Map();
    if (left.length < instanceIds.length) return this.some(elbName, left, trace);
    const middle = Math.ceil(instanceIds.length / 2);
    const halves = [instanceIds.slice(0, middle), instanceIds.slice(middle)];
    const found = [];
    for (const half of halves) found.push(...(await this.some(elbName, half, trace)));
    return new Map(found);
  }

  /**
   * Returns for how many seconds AWS drains connections at most, as it answered within the last minutes; undefined where
   * that is not known. All callers share one call, and a failed one is repeated after some seconds only. Never throws.
   */
  async drainingSeconds(elbName: ElbName, trace: AwsTrace): Promise<number | undefined> {
    let known = this.#draining.get(elbName);
    if (known === undefined) {
      if (this.#draining.size >= mostKept) this.#draining.clear();
      known = { seconds: undefined, goodUntil: -Infinity, reading: undefined };
      this.#draining.set(elbName, known);
    }
    if (this.#clock.now() >= known.goodUntil) known.reading ??= this.#readDraining(elbName, known);
    if (known.reading !== undefined) {
      // The rest of the answer is worth more than this one fact.
      const ids = withinDeadline(known.reading, 'the attributes of the load balancer', trace);
      trace.requestIds.push(...(await ids.catch(() => [])));
    }
    return known.seconds;
  }

  /** Reads the draining time-out. Returns AWS's ids of the call; the ledger counts a failure. */
  async #readDraining(elbName: ElbName, known: DrainingTimeout): Promise<readonly string[]> {
    const trace = startTrace(this.#clock, this.#deadlineMs);
    try {
      known.seconds = await this.#gateway.describeDraining(elbName, trace);
      known.goodUntil = this.#clock.now() + drainingMaxAgeMs;
    } catch {
      known.goodUntil = this.#clock.now() + drainingRetryMs;
    } finally {
      known.reading = undefined;
    }
    return trace.requestIds;
  }

  async #read(elbName: ElbName, urgency: Urgency, call: SharedCall): Promise<HealthAnswer> {
    const trace = startTrace(this.#clock, this.#deadlineMs, { sent: call.sent });
    const health = await this.#gateway.describeHealth(elbName, undefined, urgency, trace);
    this.#learn(elbName, health, call.asOf);
    return { health, requestIds: trace.requestIds };
  }

  #learn(elbName: ElbName, health: readonly MemberHealth[], asOf: number): void {
    for (const { instanceId, condition } of health) {
      if (condition === 'draining') this.#changes.seenDraining(elbName, instanceId);
      else this.#changes.seenNotDraining(elbName, instanceId, asOf);
    }
  }

  #keep(elbName: ElbName, reads: Reads): void {
    if (this.#reads.size >= mostKept) {
      for (const [name, { ordinary, urgent }] of this.#reads)
        if (ordinary.idle && urgent.idle) this.#reads.delete(name);
    }
    this.#reads.set(elbName, reads);
  }
}
