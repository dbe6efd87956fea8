import type { AwsTrace } from '../../telemetry/aws-trace.ts';
import { checked } from './change-failures.ts';
import type { ChangeOptions } from './change-options.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { lastOnes } from './last-in-service-guard.ts';
import type { ElbName, InstanceId, MachineInfo } from '../instance.ts';
import type { ChangeOutcomes } from './change-outcomes.ts';
import { alreadyAttached, keptInService, notAttached, preconditionFailed, unsuitable } from '../failures.ts';

/** The checks before one change, each of which refuses some of the instances left. */
export class Preconditions {
  readonly #inventory: Inventory;
  readonly #elbName: ElbName;
  readonly #outcomes: ChangeOutcomes;
  readonly #trace: AwsTrace;
  readonly #members: Promise<ReadonlySet<InstanceId>>;
  readonly #instances: Promise<readonly MachineInfo[]>;

  /** Starts the reads of the members and of the instances side by side. */
  constructor(
    inventory: Inventory,
    elbName: ElbName,
    outcomes: ChangeOutcomes,
    urgency: 'urgent' | 'ordinary',
    trace: AwsTrace,
  ) {
    this.#inventory = inventory;
    this.#elbName = elbName;
    this.#outcomes = outcomes;
    this.#trace = trace;
    this.#instances = checked(inventory.descriptions.eachNow(outcomes.ids, trace));
    const members = inventory.membersNow(elbName, trace, urgency);
    this.#members = checked(members.then((listed) => new Set(listed)));
  }

  /** Refuses instances that are members. Throws `elb_not_found`, and what the gateway throws. */
  async refuseMembers(): Promise<void> {
    const members = await this.#members;
    this.#outcomes.refuse((id) => (members.has(id) ? alreadyAttached(this.#elbName, id) : undefined));
  }

  /** Refuses instances that are not members. Throws `elb_not_found`, and what the gateway throws. */
  async refuseStrangers(): Promise<void> {
    const members = await this.#members;
    this.#outcomes.refuse((id) => (members.has(id) ? undefined : notAttached(this.#elbName, id)));
  }

  /** Refuses the last instance of those in service; undefined allows all. Throws what the gateway throws. */
  async keepLastInService(inService: Promise<ReadonlySet<InstanceId>> | undefined): Promise<void> {
    if (inService === undefined || this.#outcomes.left.length === 0) return;
    const last = lastOnes(await checked(inService), this.#outcomes.left);
    this.#outcomes.refuse((id) => (last.has(id) ? keptInService(this.#elbName, id) : undefined));
  }

  /** Takes EC2's descriptions into the outcomes. Throws what the gateway throws. */
  async describe(): Promise<void> {
    if (this.#outcomes.left.length > 0) this.#outcomes.describe(await this.#instances);
  }

  /** Refuses the described instances that AWS would not attach. */
  refuseUnsuitable(): void {
    const traits = this.#inventory.traits(this.#elbName);
    this.#outcomes.refuse((id) => unsuitable(this.#outcomes.instance(id), traits));
  }

  /**
   * Throws `precondition_failed` where the list is not the one that the caller wants changed. This is the last check,
   * so that refusals of the others keep their answers (RFC 9110, 13.2.1); these have read the members, so the list is
   * known without a call.
   */
  async requireMatch(ifMatch: ChangeOptions['ifMatch']): Promise<void> {
    if (ifMatch === undefined || this.#outcomes.left.length === 0) return;
    const { instances } = await checked(this.#inventory.list(this.#elbName, {}, this.#trace));
    if (!ifMatch(instances)) throw preconditionFailed(this.#elbName);
  }
}
