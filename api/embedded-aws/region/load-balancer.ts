import type { Scheduler } from './scheduler.ts';
import { formerHealth, type Behaviour } from './behaviour.ts';
import { AwsError, couldNotFindInstance } from '../protocol/aws-error.ts';
import type { RegionClock } from './clock.ts';
import { drainingHealth, memberHealth, observe, type InstanceHealth, type Membership } from './health.ts';
import type { Instance } from './instance.ts';
import type { LoadBalancerSpec } from './load-balancer-spec.ts';

/** How long a drained instance has a health where former members fade, in ms. */
const DRAINED_SHOWN = 5000;

/** What a load balancer needs of its region. */
export interface RegionContext {
  readonly clock: RegionClock;
  readonly scheduler: Scheduler;
  readonly instances: ReadonlyMap<string, Instance>;
  /** The region's behaviour now; a load balancer's specification goes before it. */
  behaviour(): Behaviour;
}

/** What a list of instances shows of each. */
export type ListedInstance = Pick<Membership, 'instanceId'>;

/** An instance whose connections are drained until `until`, milliseconds since 1970. */
interface Draining {
  readonly instanceId: string;
  readonly until: number;
}

/** A classic ELB: its specification, who is registered, and who is draining. */
export class LoadBalancer {
  spec: LoadBalancerSpec;
  #members: readonly Membership[] = [];
  #draining: readonly Draining[] = [];
  readonly #former = new Set<string>();
  readonly #context: RegionContext;

  /** A load balancer without members. */
  constructor(spec: LoadBalancerSpec, context: RegionContext) {
    this.spec = spec;
    this.#context = context;
  }

  /** The registrations, in AWS's order; another array after each change. */
  get members(): readonly Membership[] {
    return this.#members;
  }

  /** The ids of the instances that are draining now. */
  get draining(): readonly string[] {
    const now = this.#context.clock.now();
    return this.#draining.flatMap(({ instanceId, until }) => (until > now ? [instanceId] : []));
  }

  /** The instances that DescribeLoadBalancers lists, in AWS's order. */
  get listed(): readonly ListedInstance[] {
    const draining = this.#behaviour.listDraining ? this.draining.filter((id) => !this.#has(id)) : [];
    if (draining.length === 0) return this.#members;
    return [...this.#members, ...draining.map((instanceId) => ({ instanceId }))];
  }

  /**
   * Registers instances, all or none; a member stays what it is.
   * While an instance drains, its registration is accepted; whether it outlasts the draining is a matter of
   * `Behaviour.draining`.
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
   * Deregisters instances, all or none. Those in service are drained first, if the load balancer drains.
   * AWS's documents are silent on an instance that is not a member: boto/boto#2274 reports InvalidInstance, and that
   * the others of the call stay; boto/boto#2576 that a former member is sometimes accepted. Here it is refused.
   * @throws AwsError InvalidInstance
   */
  deregister(ids: readonly string[]): void {
    const stranger = ids.find((id) => !this.#has(id));
    if (stranger !== undefined) throw couldNotFindInstance(stranger);
    for (const id of new Set(ids)) {
      this.#drain(id);
      this.remove(id);
    }
  }

  /**
   * The health of the given instances, else of all members and of those that are draining; terminated ones are left out.
   * Where a registration takes effect late, members are left out until then.
   * @throws AwsError InvalidInstance for an instance that is neither a member nor draining, unless former members have
   *   a health
   */
  health(ids?: readonly string[]): readonly InstanceHealth[] {
    const members = this.#members
      .filter((member) => this.#isKnown(member))
      .map((member) => member.instanceId);
    const asked = ids ?? [...members, ...this.draining.filter((id) => !members.includes(id))];
    return asked
      .map((id) => this.#healthOf(id))
      .filter(({ instanceId }) => this.#context.instances.get(instanceId)?.state !== 'terminated');
  }

  /**
   * Sets the members as they are given, past every rule: also an id twice, or one that EC2 does not know. New ones
   * count as registered long ago, so that they are in service at once. Draining ends.
   */
  setMembers(ids: readonly string[]): void {
    const known = new Map(this.#members.map((member) => [member.instanceId, member]));
    this.#members = ids.map((id) => known.get(id) ?? membership(id, 0));
    this.#draining = [];
  }

  /** Drops a member without draining, if it is one. */
  remove(id: string): void {
    if (!this.#has(id)) return;
    this.#members = this.#members.filter((member) => member.instanceId !== id);
    this.#former.add(id);
  }

  /** Lets the health checks conclude what they have seen of an instance up to now, before it changes. */
  observe(instance: Instance): void {
    const now = this.#context.clock.now();
    for (const member of this.#members) {
      if (member.instanceId === instance.instanceId) observe(member, instance, this.spec.healthCheck, now);
    }
  }

  get #behaviour(): Behaviour {
    return { ...this.#context.behaviour(), ...this.spec.behaviour };
  }

  /** Whether DescribeInstanceHealth knows the member yet. */
  #isKnown({ registeredAt }: Membership): boolean {
    return this.#context.clock.now() >= registeredAt + this.#behaviour.registrationLag * 1000;
  }

  #has(id: string): boolean {
    return this.#members.some((member) => member.instanceId === id);
  }

  #requireRegistrable(id: string): void {
    const instance = this.#context.instances.get(id);
    if (!instance || instance.forgotten) throw couldNotFindInstance(id);
    if (instance.state !== 'running') {
      // The words are those of kubernetes/kubernetes#74694.
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
    if (member && this.#isKnown(member))
      return memberHealth(member, instances.get(id), this.spec, clock.now());
    const justDrained = this.#draining.some((entry) => entry.instanceId === id);
    const former =
      !member && this.#former.has(id) ? formerHealth(id, this.#behaviour, justDrained) : undefined;
    if (former) return former;
    throw couldNotFindInstance(id);
  }

  /** Whether the member is in service, also where DescribeInstanceHealth does not know it yet. */
  #serves(id: string): boolean {
    const { clock, instances } = this.#context;
    const member = this.#members.find((entry) => entry.instanceId === id);
    return (
      member !== undefined &&
      memberHealth(member, instances.get(id), this.spec, clock.now()).state === 'InService'
    );
  }

  #drain(id: string): void {
    const { enabled, timeout } = this.spec.connectionDraining;
    // A member that is draining already was registered again meanwhile; the first draining goes on.
    if (!enabled || this.draining.includes(id) || !this.#serves(id)) return;
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
