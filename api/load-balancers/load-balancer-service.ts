import type { AwsTrace } from '../telemetry.ts';
import type { ChangeOptions, ChangeParts } from './change-parts.ts';
import { alreadyAttached, change, checked, notAttached, unsuitable } from './checks.ts';
import type { Freshness, Inventory } from './inventory.ts';
import { isLastInService, lastOnes } from './last-in-service.ts';
import { type ElbName, type InstanceId, type MachineInfo, undescribed } from './machine.ts';
import type { LoadBalancerList, MachineList } from './picture.ts';

/** The use cases: which instances a classic load balancer has, and the changing of that. */
export class LoadBalancerService {
  readonly #inventory: Inventory;
  readonly #parts: ChangeParts;

  constructor(parts: ChangeParts) {
    this.#inventory = parts.inventory;
    this.#parts = parts;
  }

  /** Returns the list where it can be had at `now`, without asking AWS; else undefined. */
  readyList(elbName: ElbName, now: number): MachineList | undefined {
    return this.#inventory.ready(elbName, now);
  }

  /** Returns the members in AWS's order. Throws `elb_not_found`, and what the gateway throws. */
  listMachines(elbName: ElbName, freshness: Freshness, trace: AwsTrace): Promise<MachineList> {
    return this.#inventory.list(elbName, freshness, trace);
  }

  /** Returns the load balancers of the region, sorted by name. Throws what the gateway throws. */
  listLoadBalancers(freshness: Freshness, trace: AwsTrace): Promise<LoadBalancerList> {
    return this.#inventory.loadBalancers(freshness, trace);
  }

  /** Returns whether AWS lists the instance as a member from now on. Throws `elb_not_found`, and what the gateway throws. */
  async isMember(elbName: ElbName, instanceId: InstanceId, trace: AwsTrace): Promise<boolean> {
    return (await this.#inventory.membersNow(elbName, trace)).includes(instanceId);
  }

  /**
   * Makes the instance a member and returns it. Throws `elb_not_found`, `instance_already_attached` or
   * `instance_refused`, before anything was changed, and what the gateway throws.
   */
  attachMachine(
    elbName: ElbName,
    instanceId: InstanceId,
    trace: AwsTrace,
    { dryRun = false, watched = false }: ChangeOptions = {},
  ): Promise<MachineInfo> {
    const { registrations } = this.#parts;
    return this.#parts.locked(elbName, [instanceId], async () => {
      const machine = checked(this.#inventory.descriptions.now(instanceId, trace));
      const members = checked(this.#inventory.membersNow(elbName, trace));
      if ((await members).includes(instanceId)) throw alreadyAttached(elbName, instanceId);
      const attached = await machine;
      const refusal = unsuitable(attached, this.#inventory.traits(elbName));
      if (dryRun) {
        if (refusal !== undefined) throw refusal;
        return attached;
      }
      await change(this.#inventory, elbName, [instanceId], () =>
        // Whom AWS will refuse, in its own words, must not spoil it for others.
        refusal === undefined
          ? registrations.together(elbName, instanceId, trace)
          : registrations.alone(elbName, [instanceId], trace),
      );
      if (!watched) this.#parts.warnOfLoss(elbName, [instanceId]);
      return attached;
    });
  }

  /**
   * Ends the membership of the instance and returns it. Throws `elb_not_found`, `instance_not_attached` or
   * `last_in_service`, before anything was changed, and what the gateway throws.
   */
  detachMachine(
    elbName: ElbName,
    instanceId: InstanceId,
    trace: AwsTrace,
    { dryRun = false, forcedBy }: ChangeOptions = {},
  ): Promise<MachineInfo> {
    const { lastInService } = this.#parts;
    const detach = async (healthy?: Promise<ReadonlySet<InstanceId>>): Promise<MachineInfo> => {
      const machine = checked(this.#inventory.descriptions.eachNow([instanceId], trace));
      const members = checked(this.#inventory.membersNow(elbName, trace));
      if (!(await members).includes(instanceId)) throw notAttached(elbName, instanceId);
      if (healthy !== undefined && lastOnes(await checked(healthy), [instanceId]).has(instanceId))
        throw isLastInService(elbName, instanceId);
      const [detached = undescribed(instanceId)] = await machine;
      if (dryRun) return detached;
      await change(this.#inventory, elbName, [instanceId], () =>
        this.#parts.deregister(elbName, [instanceId], trace),
      );
      return detached;
    };
    return this.#parts.locked(elbName, [instanceId], async () => {
      if (lastInService === undefined) return detach();
      if (forcedBy === undefined) return lastInService.guard(elbName, trace, detach);
      const detached = await detach();
      if (!dryRun) this.#parts.tellOfForce(elbName, [instanceId], forcedBy);
      return detached;
    });
  }
}
