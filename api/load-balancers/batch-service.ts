import { DomainError, notDescribed } from '../errors.ts';
import type { AwsTrace } from '../telemetry.ts';
import type { ChangeOptions, ChangeParts } from './change-parts.ts';
import { alreadyAttached, change, checked, notAttached, unsuitable } from './checks.ts';
import { isLastInService, lastOnes } from './last-in-service.ts';
import type { Members } from './load-balancer-gateway.ts';
import { type ElbName, type InstanceId, isDescribed, type MachineInfo } from './machine.ts';

/** What became of each instance: it was changed, or would be in a dry run, or why not. */
export type Outcomes = Map<InstanceId, MachineInfo | DomainError>;

/** Changes many memberships of one load balancer at once, in at most two calls of AWS that change something. */
export class BatchService {
  readonly #parts: ChangeParts;

  constructor(parts: ChangeParts) {
    this.#parts = parts;
  }

  /** Attaches the instances, each of which is named once. Throws `elb_not_found`, and what the checks' calls throw. */
  attach(
    elbName: ElbName,
    instanceIds: Members,
    trace: AwsTrace,
    { dryRun = false }: ChangeOptions,
  ): Promise<Outcomes> {
    const { inventory, registrations } = this.#parts;
    return this.#parts.locked(elbName, instanceIds, async () => {
      const [members, machines] = await this.#check(elbName, instanceIds, trace);
      const traits = inventory.traits(elbName);
      const outcomes: Outcomes = new Map();
      for (const machine of machines) {
        const { instanceId } = machine;
        if (members.has(instanceId)) outcomes.set(instanceId, alreadyAttached(elbName, instanceId));
        else if (!isDescribed(machine)) outcomes.set(instanceId, notDescribed(instanceId));
        else outcomes.set(instanceId, unsuitable(machine, traits) ?? machine);
      }
      if (dryRun) return outcomes;
      await this.#change(elbName, outcomes, (ids) => registrations.alone(elbName, ids, trace));
      this.#parts.warnOfLoss(elbName, good(outcomes));
      return outcomes;
    });
  }

  /** Detaches the instances, each of which is named once. Throws `elb_not_found`, and what the checks' calls throw. */
  detach(
    elbName: ElbName,
    instanceIds: Members,
    trace: AwsTrace,
    { dryRun = false, forcedBy }: ChangeOptions,
  ): Promise<Outcomes> {
    const { lastInService } = this.#parts;
    const detach = async (healthy?: Promise<ReadonlySet<InstanceId>>): Promise<Outcomes> => {
      const [members, machines] = await this.#check(elbName, instanceIds, trace);
      const outcomes: Outcomes = new Map(
        machines.map((machine) => {
          const { instanceId } = machine;
          return [instanceId, members.has(instanceId) ? machine : notAttached(elbName, instanceId)];
        }),
      );
      if (healthy !== undefined) {
        for (const id of lastOnes(await checked(healthy), good(outcomes)))
          outcomes.set(id, isLastInService(elbName, id));
      }
      if (!dryRun)
        await this.#change(elbName, outcomes, (ids) => this.#parts.deregister(elbName, ids, trace));
      return outcomes;
    };
    return this.#parts.locked(elbName, instanceIds, async () => {
      if (lastInService === undefined) return detach();
      if (forcedBy === undefined) return lastInService.guard(elbName, trace, detach);
      const outcomes = await detach();
      const detached = good(outcomes);
      if (!dryRun && detached.length > 0) this.#parts.tellOfForce(elbName, detached, forcedBy);
      return outcomes;
    });
  }

  async #check(
    elbName: ElbName,
    instanceIds: Members,
    trace: AwsTrace,
  ): Promise<[members: ReadonlySet<InstanceId>, machines: MachineInfo[]]> {
    const { inventory } = this.#parts;
    const machines = checked(inventory.descriptions.eachNow(instanceIds, trace));
    const members = await checked(inventory.membersNow(elbName, trace));
    return [new Set(members), await machines];
  }

  /**
   * Makes the change for all that are good so far, and once more without those that AWS names in its refusal, since it
   * then has changed none. What it takes no part in is put down as an outcome.
   */
  async #change(
    elbName: ElbName,
    outcomes: Outcomes,
    make: (instanceIds: Members) => Promise<unknown>,
  ): Promise<void> {
    for (const last of [false, true]) {
      const ids = good(outcomes);
      if (ids.length === 0) return;
      try {
        await change(this.#parts.inventory, elbName, ids, () => make(ids));
        return;
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        // Which instance AWS means stands nowhere but in its message.
        const refused =
          error.code === 'instance_refused' ? ids.filter((id) => error.problem.includes(id)) : [];
        for (const id of refused) outcomes.set(id, error);
        if (refused.length > 0 && !last) continue;
        const rest =
          refused.length === 0
            ? error
            : error.withAdvice('AWS took none of the others either, so try this one again');
        for (const id of good(outcomes)) outcomes.set(id, rest);
        return;
      }
    }
  }
}

function good(outcomes: Outcomes): InstanceId[] {
  return [...outcomes].flatMap(([id, outcome]) => (outcome instanceof DomainError ? [] : [id]));
}
