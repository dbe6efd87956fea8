import { isUnclear } from '../errors.ts';
import type { AwsTrace } from '../telemetry.ts';
import { checked, duringChange } from './change-failures.ts';
import type { ChangeOptions, ChangeParts } from './change-parts.ts';
import { type Failures, goOnWithoutRefused } from './go-on-without.ts';
import { forecast, type InServiceForecast, lastOnes } from './last-in-service.ts';
import type { Members } from './load-balancer-gateway.ts';
import type { ElbName, InstanceId, MachineInfo } from './machine.ts';
import { type Outcome, Outcomes } from './outcomes.ts';
import { alreadyAttached, keptInService, notAttached, preconditionFailed, unsuitable } from './refusals.ts';

/** What became of a detach; in a dry run, with what it would leave in service. */
export interface Detached {
  readonly outcomes: readonly Outcome[];
  readonly inService?: InServiceForecast;
}

/** What AWS says before a change; both are asked at once. */
interface Facts {
  readonly members: Promise<ReadonlySet<InstanceId>>;
  readonly machines: Promise<readonly MachineInfo[]>;
}

/** Attaches and detaches instances of a load balancer: one, or many at once. */
export class MembershipChanges {
  readonly #parts: ChangeParts;

  constructor(parts: ChangeParts) {
    this.#parts = parts;
  }

  /**
   * Attaches the instances and returns one outcome for each that is named, in order; an instance that is named again
   * is a member already. Throws `elb_not_found`, `precondition_failed`,
   * and what the calls of the checks throw: then nothing was changed.
   */
  async attach(
    elbName: ElbName,
    named: Members,
    trace: AwsTrace,
    { dryRun = false, ifMatch }: ChangeOptions = {},
  ): Promise<Outcome[]> {
    const { inventory, registrations } = this.#parts;
    const outcomes = new Outcomes(named);
    await this.#parts.locked(elbName, outcomes.ids, { ifMatch }, async () => {
      const facts = this.#factsOf(elbName, outcomes, trace, urgencyOf(dryRun));
      await this.#refuseMembers(elbName, outcomes, facts);
      await this.#describe(outcomes, facts);
      outcomes.refuse((id) => unsuitable(outcomes.machine(id), inventory.traits(elbName)));
      await this.#requireMatch(elbName, outcomes, ifMatch, trace);
      if (dryRun || outcomes.left.length === 0) return;
      this.#fail(elbName, outcomes, await registrations.join(elbName, outcomes.left, trace));
    });
    outcomes.draining = await this.#parts.drainings.of(elbName, outcomes.left, trace);
    return outcomes.inOrder((id) => alreadyAttached(elbName, id));
  }

  /**
   * Detaches the instances and returns one outcome for each that is named, in order; an instance that is named again
   * is no member any more. Throws `elb_not_found`, `precondition_failed`,
   * and what the calls of the checks throw: then nothing was changed.
   */
  async detach(
    elbName: ElbName,
    named: Members,
    trace: AwsTrace,
    options: ChangeOptions = {},
  ): Promise<Detached> {
    const { dryRun = false, force = false, ifMatch } = options;
    const { lastInService } = this.#parts;
    const outcomes = new Outcomes(named);
    let inService: InServiceForecast | undefined;
    const detach = async (healthy?: Promise<ReadonlySet<InstanceId>>): Promise<void> => {
      const facts = this.#factsOf(elbName, outcomes, trace, urgencyOf(dryRun));
      await this.#refuseStrangers(elbName, outcomes, facts);
      if (healthy !== undefined) await this.#keepLastInService(elbName, outcomes, healthy);
      await this.#describe(outcomes, facts);
      await this.#requireMatch(elbName, outcomes, ifMatch, trace);
      if (outcomes.left.length === 0) return;
      if (dryRun) inService = await this.#forecast(elbName, outcomes, healthy, trace);
      else await this.#deregister(elbName, outcomes, trace, options);
    };
    await this.#parts.locked(elbName, outcomes.ids, { ifMatch }, async () => {
      if (lastInService.isProtected && !force)
        await lastInService.guard(elbName, trace, detach, urgencyOf(dryRun));
      else await detach();
    });
    return {
      outcomes: outcomes.inOrder((id) => notAttached(elbName, id)),
      ...(inService !== undefined && { inService }),
    };
  }

  #factsOf(elbName: ElbName, { ids }: Outcomes, trace: AwsTrace, urgency: 'urgent' | 'ordinary'): Facts {
    const { inventory } = this.#parts;
    const machines = checked(inventory.descriptions.eachNow(ids, trace));
    const members = checked(inventory.membersNow(elbName, trace, urgency));
    return { machines, members: members.then((listed) => new Set(listed)) };
  }

  async #refuseMembers(elbName: ElbName, outcomes: Outcomes, facts: Facts): Promise<void> {
    const members = await facts.members;
    outcomes.refuse((id) => (members.has(id) ? alreadyAttached(elbName, id) : undefined));
  }

  async #refuseStrangers(elbName: ElbName, outcomes: Outcomes, facts: Facts): Promise<void> {
    const members = await facts.members;
    outcomes.refuse((id) => (members.has(id) ? undefined : notAttached(elbName, id)));
  }

  async #keepLastInService(
    elbName: ElbName,
    outcomes: Outcomes,
    inService: Promise<ReadonlySet<InstanceId>>,
  ): Promise<void> {
    if (outcomes.left.length === 0) return;
    const last = lastOnes(await checked(inService), outcomes.left);
    outcomes.refuse((id) => (last.has(id) ? keptInService(elbName, id) : undefined));
  }

  async #describe(outcomes: Outcomes, { machines }: Facts): Promise<void> {
    if (outcomes.left.length > 0) outcomes.describe(await machines);
  }

  /**
   * After the other checks, so that what they refuse keeps its answer (RFC 9110, 13.2.1). The checks have read the
   * members, so the list has them without a call. Throws `precondition_failed`.
   */
  async #requireMatch(
    elbName: ElbName,
    { left }: Outcomes,
    ifMatch: ChangeOptions['ifMatch'],
    trace: AwsTrace,
  ): Promise<void> {
    if (ifMatch === undefined || left.length === 0) return;
    const { machines } = await checked(this.#parts.inventory.list(elbName, {}, trace));
    if (!ifMatch(machines)) throw preconditionFailed(elbName);
  }

  #forecast(
    elbName: ElbName,
    { left }: Outcomes,
    healthy: Promise<ReadonlySet<InstanceId>> | undefined,
    trace: AwsTrace,
  ): Promise<InServiceForecast> {
    return forecast(healthy ?? this.#parts.lastInService.inService(elbName, 'ordinary', trace), left);
  }

  async #deregister(
    elbName: ElbName,
    outcomes: Outcomes,
    trace: AwsTrace,
    options: ChangeOptions,
  ): Promise<void> {
    let listed: Members | undefined;
    const failures = await goOnWithoutRefused(outcomes.left, trace.deadline, async (ids) => {
      listed = await this.#parts.deregister(elbName, ids, trace);
    });
    this.#fail(elbName, outcomes, failures);
    if (outcomes.left.length === 0) return;
    this.#parts.warnOfLastInService(elbName, outcomes.left, listed, options);
    if (this.#parts.lastInService.isProtected && options.force === true)
      this.#parts.logForced(elbName, outcomes.left, options);
  }

  /** Where AWS may have changed an instance all the same, what is known of the load balancer is read again. */
  #fail(elbName: ElbName, outcomes: Outcomes, failures: Failures): void {
    if ([...failures.values()].some(isUnclear)) this.#parts.inventory.doubt(elbName);
    outcomes.refuse((id) => {
      const failure = failures.get(id);
      return failure && duringChange(failure, elbName, id);
    });
  }
}

/** Checks of changes go before reads; those of dry runs do not. */
function urgencyOf(dryRun: boolean): 'urgent' | 'ordinary' {
  return dryRun ? 'ordinary' : 'urgent';
}
