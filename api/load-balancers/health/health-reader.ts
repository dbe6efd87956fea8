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

/** The health of all members of a load balancer and of the instances that are draining. */
export interface HealthReading {
  readonly health: readonly MemberHealth[];
  /** The time at which the call was sent, on the time scale of `Clock.now()`. */
  readonly asOf: number;
}

interface HealthAnswer {
  readonly health: readonly MemberHealth[];
  readonly requestIds: readonly string[];
}

/** The number of load balancers whose last reading is cached. A reading of 1,000 members takes about 300 KB. */
const maxCached = 50;

/** Reads the health of members. Callers that read the same load balancer at the same time share a call. */
export class HealthReader {
  readonly drainingTimeouts: DrainingTimeouts;
  readonly #gateway: LoadBalancerGateway;
  readonly #changes: RecentChanges;
  readonly #inventory: Pick<Inventory, 'changedAt' | 'requireKnown'>;
  readonly #deadlineMs: number;
  readonly #clock: Clock;
  readonly #reads: Readonly<Record<'ordinary' | 'urgent', KeyedCoalescer<ElbName, HealthAnswer>>>;
  readonly #last = new LRUCache<ElbName, HealthReading>({ max: maxCached });

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
      // A check before a change must not wait for another read.
      urgent: new KeyedCoalescer((...read) => this.#read('urgent', ...read), { clock, sideBySide: true }),
    };
  }

  /**
   * Returns the health of the members and of the instances that are draining. The call was sent at `since` or later,
   * and after the last change. Throws `elb_not_found`, and the errors of the gateway.
   */
  async readAll(
    elbName: ElbName,
    since: number,
    urgency: 'urgent' | 'ordinary',
    trace: AwsTrace,
  ): Promise<HealthReading> {
    await this.#inventory.requireKnown(elbName, trace);
    const notBefore = this.#notBefore(elbName, since);
    const known = this.recent(elbName, since);
    if (known !== undefined) return known;
    const read = this.#reads[urgency].join(elbName, notBefore);
    const { value, asOf } = await withinDeadline(read, 'the health of the instances', trace);
    const reading = { health: value.health, asOf };
    if (asOf > (this.last(elbName)?.asOf ?? -Infinity)) this.#last.set(elbName, reading);
    trace.requestIds.push(...value.requestIds);
    return reading;
  }

  /**
   * Returns the last reading if its call was sent at `since` or later, and after the last change. Does not call AWS.
   */
  recent(elbName: ElbName, since: number): HealthReading | undefined {
    const last = this.last(elbName);
    return last !== undefined && last.asOf >= this.#notBefore(elbName, since) ? last : undefined;
  }

  /** Returns the last reading, regardless of its age. */
  last(elbName: ElbName): HealthReading | undefined {
    return this.#last.get(elbName);
  }

  /**
   * Returns the health of these instances, which may be former members, from a new call. Omits instances that are not
   * registered with the load balancer. Throws `elb_not_found`, and the errors of the gateway.
   */
  async readSome(
    elbName: ElbName,
    instanceIds: Members,
    trace: AwsTrace,
  ): Promise<Map<InstanceId, MemberHealth>> {
    const asOf = this.#clock.now();
    let refused: readonly string[];
    try {
      const health = await this.#gateway.describeHealth(elbName, instanceIds, 'patient', trace);
      this.#noteDraining(elbName, health, asOf);
      return new Map(health.map((one) => [one.instanceId, one]));
    } catch (error) {
      if (!(error instanceof DomainError && error.code === 'instance_refused')) throw error;
      refused = error.details.refusedInstances ?? [];
    }
    // A single unknown id makes the whole call fail. If AWS identifies that id, remove it; otherwise find it by
    // bisection.
    const left = instanceIds.filter((id) => !refused.includes(id));
    // A call without ids would return the health of all members.
    if (instanceIds.length === 1 || left.length === 0) return new Map();
    if (left.length < instanceIds.length) return this.readSome(elbName, left, trace);
    const middle = Math.ceil(instanceIds.length / 2);
    const halves = [instanceIds.slice(0, middle), instanceIds.slice(middle)];
    const found = [];
    for (const half of halves) found.push(...(await this.readSome(elbName, half, trace)));
    return new Map(found);
  }

  #notBefore(elbName: ElbName, since: number): number {
    return Math.max(since, this.#inventory.changedAt(elbName));
  }

  async #read(urgency: Urgency, elbName: ElbName, call: SharedCall): Promise<HealthAnswer> {
    const trace = startTrace(this.#clock, this.#deadlineMs, { sent: call.sent });
    const health = await this.#gateway.describeHealth(elbName, undefined, urgency, trace);
    this.#noteDraining(elbName, health, call.asOf);
    return { health, requestIds: trace.requestIds };
  }

  #noteDraining(elbName: ElbName, health: readonly MemberHealth[], asOf: number): void {
    for (const { instanceId, condition } of health) {
      if (condition === 'draining') this.#changes.seenDraining(elbName, instanceId);
      else this.#changes.seenNotDraining(elbName, instanceId, asOf);
    }
  }
}
