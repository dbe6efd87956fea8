import { isUnclear } from '../../errors.ts';
import type { AwsTrace } from '../../telemetry/aws-trace.ts';
import type { Clock } from '../../clock.ts';
import { duringChange } from './change-failures.ts';
import { type Failures, retryWithoutRefused } from './retry-without-refused.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { LoadBalancerGateway } from '../load-balancer-gateway.ts';
import type { ElbName, Members } from '../instance.ts';
import type { ChangeOutcomes } from './change-outcomes.ts';
import type { RecentChanges } from '../health/recent-changes.ts';
import { RegisterBatcher } from './register-batcher.ts';

export interface ChangeCallsDeps {
  readonly gateway: LoadBalancerGateway;
  readonly inventory: Inventory;
  readonly changes: RecentChanges;
  readonly clock: Clock;
}

/** Makes the calls that change members, and takes their results into the inventory and the outcomes. */
export class ChangeCalls {
  readonly #deps: ChangeCallsDeps;
  readonly #registrations: RegisterBatcher;

  constructor(deps: ChangeCallsDeps) {
    this.#deps = deps;
    this.#registrations = new RegisterBatcher((...change) => this.#register(...change), deps.clock);
  }

  /** Registers the instances left, and fails those that AWS did not register. */
  async register(elbName: ElbName, outcomes: ChangeOutcomes, trace: AwsTrace): Promise<void> {
    this.#fail(elbName, outcomes, await this.#registrations.join(elbName, outcomes.left, trace));
  }

  /**
   * Deregisters the instances left, and fails those that AWS did not deregister. Returns the members that AWS then
   * lists; undefined where it made no change, or its answer was lost.
   */
  async deregister(
    elbName: ElbName,
    outcomes: ChangeOutcomes,
    trace: AwsTrace,
  ): Promise<Members | undefined> {
    const { gateway, changes, inventory } = this.#deps;
    let listed: Members | undefined;
    const failures = await retryWithoutRefused(outcomes.left, trace.deadline, async (ids) => {
      listed = await inventory.changing(elbName, { removed: ids }, async () => {
        const members = await gateway.deregister(elbName, ids, trace);
        changes.detached(elbName, ids);
        return members;
      });
    });
    this.#fail(elbName, outcomes, failures);
    return listed;
  }

  async #register(elbName: ElbName, instanceIds: Members, trace: AwsTrace): Promise<void> {
    const { gateway, changes, inventory } = this.#deps;
    await inventory.changing(elbName, { added: instanceIds }, async () => {
      const members = await gateway.register(elbName, instanceIds, trace);
      changes.attached(elbName, instanceIds);
      return members;
    });
  }

  /** Where AWS may have changed an instance all the same, the load balancer is read again. */
  #fail(elbName: ElbName, outcomes: ChangeOutcomes, failures: Failures): void {
    if ([...failures.values()].some(isUnclear)) this.#deps.inventory.doubt(elbName);
    outcomes.refuse((id) => {
      const failure = failures.get(id);
      return failure && duringChange(failure, elbName, id);
    });
  }
}
