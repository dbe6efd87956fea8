import type { AwsTrace } from '../../telemetry/aws-trace.ts';
import { checked } from './change-failures.ts';
import type { ChangeOptions } from './change-options.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { lastOnes } from './last-in-service-guard.ts';
import type { ElbName, InstanceId, MachineInfo } from '../instance.ts';
import type { ChangeOutcomes } from './change-outcomes.ts';
import { alreadyAttached, keptInService, notAttached, preconditionFailed, unsuitable } from '../failures.ts';

/**
 * The checks before one change. Each check can mark remaining instances as failed, and throws the errors of the
 * gateway.
 */
export class Preconditions {
  readonly #inventory: Inventory;
  readonly #elbName: ElbName;
  readonly #outcomes: ChangeOutcomes;
  readonly #trace: AwsTrace;
  readonly #members: Promise<ReadonlySet<InstanceId>>;
  readonly #instances: Promise<readonly MachineInfo[]>;

  /** Starts to read the members and the instances. */
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
    this.#instances = checked(inventory.details.eachNow(outcomes.ids, trace));
    const members = inventory.membersNow(elbName, trace, urgency);
    this.#members = checked(members.then((listed) => new Set(listed)));
  }

  /** Marks instances that are already members as failed. Throws `elb_not_found`. */
  async refuseMembers(): Promise<void> {
    const members = await this.#members;
    this.#outcomes.refuse((id) => (members.has(id) ? alreadyAttached(this.#elbName, id) : undefined));
  }

  /** Marks instances that are not members as failed. Throws `elb_not_found`. */
  async refuseNonMembers(): Promise<void> {
    const members = await this.#members;
    this.#outcomes.refuse((id) => (members.has(id) ? undefined : notAttached(this.#elbName, id)));
  }

  /** Marks the last in-service instance as failed. */
  async keepLastInService(inService: Promise<ReadonlySet<InstanceId>>): Promise<void> {
    if (this.#outcomes.remaining.length === 0) return;
    const last = lastOnes(await inService, this.#outcomes.remaining);
    this.#outcomes.refuse((id) => (last.has(id) ? keptInService(this.#elbName, id) : undefined));
  }

  /** Adds the EC2 descriptions of the instances to the outcomes. */
  async describe(): Promise<void> {
    if (this.#outcomes.remaining.length > 0) this.#outcomes.describe(await this.#instances);
  }

  /** Marks instances that AWS would refuse to attach as failed. */
  refuseUnsuitable(): void {
    const traits = this.#inventory.traits(this.#elbName);
    this.#outcomes.refuse((id) => unsuitable(this.#outcomes.instance(id), traits));
  }

  /**
   * Throws `precondition_failed` if the list does not match. This must be the last check (RFC 9110, 13.2.1). It makes
   * no AWS call, because the earlier checks have read the members.
   */
  async requireMatch(ifMatch: ChangeOptions['ifMatch']): Promise<void> {
    if (ifMatch === undefined || this.#outcomes.remaining.length === 0) return;
    const { instances } = await checked(this.#inventory.list(this.#elbName, {}, this.#trace));
    if (!ifMatch(instances)) throw preconditionFailed(this.#elbName);
  }
}
