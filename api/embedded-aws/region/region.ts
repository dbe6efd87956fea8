import { Scheduler } from './scheduler.ts';
import { AwsError } from '../protocol/aws-error.ts';
import { DEFAULT_BEHAVIOUR, type Behaviour } from './behaviour.ts';
import type { RegionClock } from './clock.ts';
import type { InstanceHealth } from './health.ts';
import { changedInstance, type Instance, type InstanceChange } from './instance.ts';
import {
  changedSpec,
  newSpec,
  type LoadBalancerChange,
  type LoadBalancerSpec,
} from './load-balancer-spec.ts';
import { LoadBalancer } from './load-balancer.ts';

/** When ELB drops a terminated instance, in ms: "after some time" in AWS. */
const TERMINATED_DEREGISTERED = 60_000;
/** How long EC2 still describes a terminated instance, in ms: about an hour (EC2 user guide). */
const TERMINATED_DESCRIBED = 3_600_000;

/**
 * One region of one account: instances, classic load balancers, and their time. No HTTP and no XML here.
 * What takes a load balancer's name throws AwsError LoadBalancerNotFound if there is none.
 */
export class Region {
  readonly name: string;
  readonly clock: RegionClock;
  readonly #scheduler = new Scheduler();
  readonly #instances = new Map<string, Instance>();
  readonly #loadBalancers = new Map<string, LoadBalancer>();

  #behaviour: Behaviour;

  /** An empty region. */
  constructor(name: string, clock: RegionClock, behaviour: Partial<Behaviour> = {}) {
    this.name = name;
    this.clock = clock;
    this.#behaviour = { ...DEFAULT_BEHAVIOUR, ...behaviour };
  }

  /** How load balancers behave that have no behaviour of their own. */
  get behaviour(): Behaviour {
    return this.#behaviour;
  }

  /** Changes the behaviour; what the change leaves out stays. */
  changeBehaviour(change: Partial<Behaviour>): void {
    this.#settle();
    this.#behaviour = { ...this.#behaviour, ...change };
  }

  /** Lets so many virtual seconds pass. */
  advance(seconds: number): void {
    this.clock.advance(seconds);
  }

  /** Every instance, also the forgotten ones, in the order of their launch. */
  instances(): readonly Instance[] {
    this.#settle();
    return [...this.#instances.values()];
  }

  /** The instance with that id, or undefined; also a forgotten one. */
  instance(id: string): Instance | undefined {
    this.#settle();
    return this.#instances.get(id);
  }

  /** Every load balancer, in the order of creation. */
  loadBalancers(): readonly LoadBalancer[] {
    this.#settle();
    return [...this.#loadBalancers.values()];
  }

  /** The load balancer of that name. */
  loadBalancer(name: string): LoadBalancer {
    this.#settle();
    const found = this.#loadBalancers.get(name);
    if (found) return found;
    throw new AwsError('LoadBalancerNotFound', `There is no ACTIVE Load Balancer named '${name}'`);
  }

  /** The ids of a load balancer's members, in AWS's order. */
  members(name: string): readonly string[] {
    return this.loadBalancer(name).members.map((member) => member.instanceId);
  }

  /** Registers instances as an AWS client does. @throws AwsError InvalidInstance */
  register(name: string, ids: readonly string[]): void {
    this.loadBalancer(name).register(ids);
  }

  /** Deregisters instances as an AWS client does. @throws AwsError InvalidInstance */
  deregister(name: string, ids: readonly string[]): void {
    this.loadBalancer(name).deregister(ids);
  }

  /** The health of the given instances, or of all. @throws AwsError InvalidInstance */
  health(name: string, ids?: readonly string[]): readonly InstanceHealth[] {
    return this.loadBalancer(name).health(ids);
  }

  /** Sets the members past every rule; see LoadBalancer.setMembers. */
  setMembers(name: string, ids: readonly string[]): void {
    this.loadBalancer(name).setMembers(ids);
  }

  /** Adds an instance, or replaces the one with the same id. */
  addInstance(instance: Instance): void {
    this.#instances.set(instance.instanceId, instance);
    if (instance.state === 'terminated') this.#planEndOf(instance.instanceId);
  }

  /** Changes an instance. @throws AwsError InvalidInstanceID.NotFound, IncorrectInstanceState */
  changeInstance(id: string, change: InstanceChange): Instance {
    const before = this.instance(id);
    if (!before) throw new AwsError('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`);
    const after = changedInstance(before, change, this.clock.now());
    for (const instance of [before, after]) {
      for (const balancer of this.#loadBalancers.values()) balancer.observe(instance);
    }
    this.#instances.set(id, after);
    if (after.state === 'terminated' && before.state !== 'terminated') this.#planEndOf(id);
    return after;
  }

  /** Creates a load balancer, or gives an existing one a new specification; members stay. */
  putLoadBalancer(spec: LoadBalancerSpec): void {
    const existing = this.#loadBalancers.get(spec.name);
    if (existing) existing.spec = spec;
    else {
      const context = {
        clock: this.clock,
        scheduler: this.#scheduler,
        instances: this.#instances,
        behaviour: () => this.#behaviour,
      };
      this.#loadBalancers.set(spec.name, new LoadBalancer(spec, context));
    }
  }

  /** Changes a load balancer, or creates it with AWS's defaults; `instances` as in setMembers. */
  changeLoadBalancer(name: string, change: LoadBalancerChange): void {
    this.#settle();
    const spec =
      this.#loadBalancers.get(name)?.spec ?? newSpec(this.name, name, this.clock.now(), change.vpcId);
    this.putLoadBalancer(changedSpec(spec, change));
    if (change.instances) this.setMembers(name, change.instances);
  }

  /** Deletes a load balancer; without effect if there is none, as in AWS (SM: DeleteLoadBalancer). */
  deleteLoadBalancer(name: string): void {
    this.#loadBalancers.delete(name);
  }

  #settle(): void {
    this.#scheduler.runDue(this.clock.now());
  }

  #planEndOf(id: string): void {
    const now = this.clock.now();
    this.#scheduler.schedule(now + TERMINATED_DEREGISTERED, () => {
      for (const balancer of this.#loadBalancers.values()) balancer.remove(id);
    });
    this.#scheduler.schedule(now + TERMINATED_DESCRIBED, () => this.#instances.delete(id));
  }
}
