import { LRUCache } from 'lru-cache';
import { DomainError } from '../../errors.ts';
import { type AwsTrace, startTrace } from '../../telemetry/aws-trace.ts';
import type { Clock } from '../../clock.ts';
import type { SharedCall } from '../../async/coalescer.ts';
import { DrainingTimeouts } from './draining-timeouts.ts';
import type { MemberHealth } from '../member-health.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { KeyedCoalescer } from '../../async/keyed-coalescer.ts';
import type { LoadBalancerGateway, Urgency } from '../load-balancer-gateway.ts';
import type { ElbName, InstanceId, Members } from '../instance.ts';
import { withinDeadline } from '../../async/deadlines.ts';
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

/** Load balancers whose last reading is kept; a reading of 1,000 members is some 300 KB. */
const mostKept = 50;

/** Asks AWS for the health of members, one call at a time for all who ask for the same. */
export class HealthReader {
  readonly drainingTimeouts: DrainingTimeouts;
  readonly #gateway: LoadBalancerGateway;
  readonly #changes: RecentChanges;
  readonly #inventory: Pick<Inventory, 'changedAt' | 'requireKnown'>;
  readonly #deadlineMs: number;
  readonly #clock: Clock;
  readonly #reads: Readonly<Record<'ordinary' | 'urgent', KeyedCoalescer<ElbName, HealthAnswer>>>;
  readonly #last = new LRUCache<ElbName, HealthReading>({ max: mostKept });

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
    this.drainingTimeouts = new DrainingTimeouts(gateway, deadlineMs, clock);
    this.#reads = {
      ordinary: new KeyedCoalescer((...read) => this.#read('ordinary', ...read), { clock }),
      // Checks before a change must not wait for a read that is not theirs.
      urgent: new KeyedCoalescer((...read) => this.#read('urgent', ...read), { clock, sideBySide: true }),
    };
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
    const notBefore = this.#notBefore(elbName, since);
    const known = this.known(elbName, since);
    if (known !== undefined) return known;
    const read = this.#reads[urgency].join(elbName, notBefore);
    const { value, asOf } = await withinDeadline(read, 'the health of the instances', trace);
    const reading = { health: value.health, asOf };
    if (asOf > (this.last(elbName)?.asOf ?? -Infinity)) this.#last.set(elbName, reading);
    trace.requestIds.push(...value.requestIds);
    return reading;
  }

  /** Returns the last reading if it left at `since` or later, and after the last change; no call is made. */
  known(elbName: ElbName, since: number): HealthReading | undefined {
    const last = this.last(elbName);
    return last !== undefined && last.asOf >= this.#notBefore(elbName, since) ? last : undefined;
  }

  /** Returns the last reading of the whole load balancer, however old; undefined where there is none. */
  last(elbName: ElbName): HealthReading | undefined {
    return this.#last.get(elbName);
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

  /** A reading that left before the last change says nothing of what the change did. */
  #notBefore(elbName: ElbName, since: number): number {
    return Math.max(since, this.#inventory.changedAt(elbName));
  }

  async #read(urgency: Urgency, elbName: ElbName, call: SharedCall): Promise<HealthAnswer> {
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
}
