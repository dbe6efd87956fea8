import { Scheduler } from './scheduler.ts';
import { AwsError } from '../protocol/aws-error.ts';
import { DEFAULT_BEHAVIOUR, type Behaviour } from './undocumented-behaviour.ts';
import type { RegionClock } from './clock.ts';
import { changedInstance, type Instance, type InstanceChange } from './instance.ts';
import {
  changedSpec,
  newSpec,
  type LoadBalancerChange,
  type LoadBalancerSpec,
} from './load-balancer-spec.ts';
import { LoadBalancer } from './load-balancer.ts';

/**
 * The time after which ELB deregisters a terminated instance, in milliseconds. AWS documents only "after some time".
 */
const TERMINATED_DEREGISTERED = 60_000;
/** How long EC2 still describes a terminated instance, in milliseconds: about an hour (EC2 user guide). */
const TERMINATED_DESCRIBED = 3_600_000;

/**
 * The instances and Classic Load Balancers in one region, without HTTP and XML. Methods with a load balancer name as a
 * parameter throw AwsError LoadBalancerNotFound.
 */
export class Region {
  readonly name: string;
  readonly clock: RegionClock;
  readonly #scheduler = new Scheduler();
  readonly #instances = new Map<string, Instance>();
  readonly #loadBalancers = new Map<string, LoadBalancer>();

  #behaviour: Behaviour;

  constructor(name: string, clock: RegionClock, behaviour: Partial<Behaviour> = {}) {
    this.name = name;
    this.clock = clock;
    this.#behaviour = { ...DEFAULT_BEHAVIOUR, ...behaviour };
  }

  /** The behaviour of the region, which load balancers can override. */
  get behaviour(): Behaviour {
    return this.#behaviour;
  }

  changeBehaviour(change: Partial<Behaviour>): void {
    this.#runDueTasks();
    this.#behaviour = { ...this.#behaviour, ...change };
  }

  /** Returns all instances, including forgotten ones, in the order of launch. */
  instances(): readonly Instance[] {
    this.#runDueTasks();
    return [...this.#instances.values()];
  }

  /** Returns the instance, even if it is forgotten. */
  instance(id: string): Instance | undefined {
    this.#runDueTasks();
    return this.#instances.get(id);
  }

  /** Returns all load balancers in the order of creation. */
  loadBalancers(): readonly LoadBalancer[] {
    this.#runDueTasks();
    return [...this.#loadBalancers.values()];
  }

  loadBalancer(name: string): LoadBalancer {
    this.#runDueTasks();
    const found = this.#loadBalancers.get(name);
    if (found) return found;
    throw new AwsError('LoadBalancerNotFound', `There is no ACTIVE Load Balancer named '${name}'`);
  }

  /** Returns the ids of the members in the order from AWS. */
  members(name: string): readonly string[] {
    return this.loadBalancer(name).members.map((member) => member.instanceId);
  }

  addInstance(instance: Instance): void {
    this.#instances.set(instance.instanceId, instance);
    if (instance.state === 'terminated') this.#planEndOf(instance.instanceId);
  }

  /** @throws AwsError InvalidInstanceID.NotFound, IncorrectInstanceState */
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

  /** Creates a load balancer, or replaces the specification of an existing one. */
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

  /** Changes a load balancer, or creates it with the AWS defaults. Sets `instances` with setMembers. */
  changeLoadBalancer(name: string, change: LoadBalancerChange): void {
    this.#runDueTasks();
    const spec =
      this.#loadBalancers.get(name)?.spec ?? newSpec(this.name, name, this.clock.now(), change.vpcId);
    this.putLoadBalancer(changedSpec(spec, change));
    if (change.instances) this.loadBalancer(name).setMembers(change.instances);
  }

  /** As in AWS, has no effect if the load balancer does not exist (ELB service model, DeleteLoadBalancer). */
  deleteLoadBalancer(name: string): void {
    this.#loadBalancers.delete(name);
  }

  #runDueTasks(): void {
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
