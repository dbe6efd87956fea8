import type { Scheduler } from './scheduler.ts';
import type { Behaviour } from './undocumented-behaviour.ts';
import { AwsError, couldNotFindInstance } from '../protocol/aws-error.ts';
import type { RegionClock } from './clock.ts';
import {
  drainingHealth,
  formerHealth,
  memberHealth,
  observe,
  type InstanceHealth,
  type Membership,
} from './health.ts';
import type { Instance } from './instance.ts';
import type { LoadBalancerSpec } from './load-balancer-spec.ts';

/** How long DescribeInstanceHealth still returns a drained instance if `formerMembers` is `fading`, in milliseconds. */
const DRAINED_SHOWN = 5000;

/** The parts of the region that a load balancer uses. */
export interface RegionContext {
  readonly clock: RegionClock;
  readonly scheduler: Scheduler;
  readonly instances: ReadonlyMap<string, Instance>;
  /** Returns the current behaviour of the region, which the specification of a load balancer can override. */
  behaviour(): Behaviour;
}

export type ListedInstance = Pick<Membership, 'instanceId'>;

/** An instance that is draining until `until`, in milliseconds since 1970. */
interface Draining {
  readonly instanceId: string;
  readonly until: number;
}

/** A Classic Load Balancer: its specification, its members and its draining instances. */
export class LoadBalancer {
  spec: LoadBalancerSpec;
  #members: readonly Membership[] = [];
  #draining: readonly Draining[] = [];
  readonly #former = new Set<string>();
  readonly #context: RegionContext;

  constructor(spec: LoadBalancerSpec, context: RegionContext) {
    this.spec = spec;
    this.#context = context;
  }

  /** The members in the order from AWS. Each change creates a new array. */
  get members(): readonly Membership[] {
    return this.#members;
  }

  /** The ids of the draining instances. */
  get draining(): readonly string[] {
    const now = this.#context.clock.now();
    return this.#draining.flatMap(({ instanceId, until }) => (until > now ? [instanceId] : []));
  }

  /** The instances that DescribeLoadBalancers lists, in the order from AWS. */
  get listed(): readonly ListedInstance[] {
    const draining = this.#behaviour.listDraining ? this.draining.filter((id) => !this.#has(id)) : [];
    if (draining.length === 0) return this.#members;
    return [...this.#members, ...draining.map((instanceId) => ({ instanceId }))];
  }

  /**
   * Registers all instances or none of them. Existing members do not change. `Behaviour.draining` determines whether an
   * instance that is registered while it drains stays registered after draining ends.
   * @throws AwsError InvalidInstance
   */
  register(ids: readonly string[]): void {
    for (const id of ids) this.#requireRegistrable(id);
    const added = [...new Set(ids)].filter((id) => !this.#has(id));
    if (added.length === 0) return;
    const now = this.#context.clock.now();
    this.#members = [...this.#members, ...added.map((id) => membership(id, now))];
  }

  /**
   * Deregisters all instances or none of them. If connection draining is enabled, in-service members drain first. AWS
   * does not document what happens if an instance is not a member: boto/boto#2274 reports InvalidInstance and no effect
   * on the other instances; boto/boto#2576 reports that a former member is sometimes accepted. The embedded AWS rejects
   * it.
   * @throws AwsError InvalidInstance
   */
  deregister(ids: readonly string[]): void {
    const nonMember = ids.find((id) => !this.#has(id));
    if (nonMember !== undefined) throw couldNotFindInstance(nonMember);
    for (const id of new Set(ids)) {
      this.#drain(id);
      this.remove(id);
    }
  }

  /**
   * Returns the health of the given instances or, by default, of all members and draining instances. Omits terminated
   * instances and members within the registration lag.
   * @throws AwsError InvalidInstance for other instances, unless former members have a health
   */
  health(ids?: readonly string[]): readonly InstanceHealth[] {
    const members = this.#members
      .filter((member) => this.#hasHealth(member))
      .map((member) => member.instanceId);
    const requested = ids ?? [...members, ...this.draining.filter((id) => !members.includes(id))];
    return requested
      .map((id) => this.#healthOf(id))
      .filter(({ instanceId }) => this.#context.instances.get(instanceId)?.state !== 'terminated');
  }

  /**
   * Sets the members without validation, so ids may repeat or not exist in EC2. New members are in service immediately.
   * Ends all draining.
   */
  setMembers(ids: readonly string[]): void {
    const known = new Map(this.#members.map((member) => [member.instanceId, member]));
    this.#members = ids.map((id) => known.get(id) ?? membership(id, 0));
    this.#draining = [];
  }

  /** Removes a member without draining. Has no effect if the instance is not a member. */
  remove(id: string): void {
    if (!this.#has(id)) return;
    this.#members = this.#members.filter((member) => member.instanceId !== id);
    this.#former.add(id);
  }

  /** Updates the health check results of an instance before the instance changes. */
  observe(instance: Instance): void {
    const now = this.#context.clock.now();
    for (const member of this.#members) {
      if (member.instanceId === instance.instanceId) observe(member, instance, this.spec.healthCheck, now);
    }
  }

  get #behaviour(): Behaviour {
    return { ...this.#context.behaviour(), ...this.spec.behaviour };
  }

  /** Returns true if DescribeInstanceHealth returns the member, which it does after the registration lag. */
  #hasHealth({ registeredAt }: Membership): boolean {
    return this.#context.clock.now() >= registeredAt + this.#behaviour.registrationLag * 1000;
  }

  #has(id: string): boolean {
    return this.#members.some((member) => member.instanceId === id);
  }

  #requireRegistrable(id: string): void {
    const instance = this.#context.instances.get(id);
    if (!instance || instance.forgotten) throw couldNotFindInstance(id);
    if (instance.state !== 'running') {
      // The message is from kubernetes/kubernetes#74694.
      throw new AwsError('InvalidInstance', `EC2 instance ${id} is not in running state.`);
    }
    if (instance.vpcId !== this.spec.vpcId) {
      throw new AwsError('InvalidInstance', `EC2 instance ${id} is not in the same VPC as ELB.`);
    }
  }

  #healthOf(id: string): InstanceHealth {
    const { clock, instances } = this.#context;
    if (this.draining.includes(id)) return drainingHealth(id);
    const member = this.#members.find((entry) => entry.instanceId === id);
    if (member && this.#hasHealth(member))
      return memberHealth(member, instances.get(id), this.spec, clock.now());
    const justDrained = this.#draining.some((entry) => entry.instanceId === id);
    const former =
      !member && this.#former.has(id) ? formerHealth(id, this.#behaviour, justDrained) : undefined;
    if (former) return former;
    throw couldNotFindInstance(id);
  }

  /** Returns true if the member is in service, even during the registration lag. */
  #isInService(id: string): boolean {
    const { clock, instances } = this.#context;
    const member = this.#members.find((entry) => entry.instanceId === id);
    return (
      member !== undefined &&
      memberHealth(member, instances.get(id), this.spec, clock.now()).state === 'InService'
    );
  }

  #drain(id: string): void {
    const { enabled, timeout } = this.spec.connectionDraining;
    // A draining member has been registered again; the first draining continues.
    if (!enabled || this.draining.includes(id) || !this.#isInService(id)) return;
    const { clock, scheduler } = this.#context;
    const draining = { instanceId: id, until: clock.now() + timeout * 1000 };
    this.#draining = [...this.#draining.filter((entry) => entry.instanceId !== id), draining];
    scheduler.schedule(draining.until, () => {
      if (this.#behaviour.draining === 'drop' && this.#draining.includes(draining)) this.remove(id);
    });
    scheduler.schedule(draining.until + DRAINED_SHOWN, () => {
      this.#draining = this.#draining.filter((entry) => entry !== draining);
    });
  }
}

function membership(instanceId: string, registeredAt: number): Membership {
  return { instanceId, registeredAt, verdict: 'registering' };
}
