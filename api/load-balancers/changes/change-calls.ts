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
  readonly recentChanges: RecentChanges;
  readonly clock: Clock;
}

/** Makes the AWS calls that change members, and updates the inventory and the outcomes with the results. */
export class ChangeCalls {
  readonly #deps: ChangeCallsDeps;
  readonly #batcher: RegisterBatcher;

  constructor(deps: ChangeCallsDeps) {
    this.#deps = deps;
    this.#batcher = new RegisterBatcher((...change) => this.#register(...change), deps.clock);
  }

  /** Registers the remaining instances. Marks those that AWS did not register as failed. */
  async register(elbName: ElbName, outcomes: ChangeOutcomes, trace: AwsTrace): Promise<void> {
    this.#fail(elbName, outcomes, await this.#batcher.register(elbName, outcomes.remaining, trace));
  }

  /**
   * Deregisters the remaining instances. Marks those that AWS did not deregister as failed. Returns the members in the
   * response from AWS, or undefined if AWS made no change or the response was lost.
   */
  async deregister(
    elbName: ElbName,
    outcomes: ChangeOutcomes,
    trace: AwsTrace,
  ): Promise<Members | undefined> {
    const { gateway, recentChanges, inventory } = this.#deps;
    let listed: Members | undefined;
    const failures = await retryWithoutRefused(outcomes.remaining, trace.deadline, async (ids) => {
      listed = await inventory.changing(elbName, { removed: ids }, async () => {
        const members = await gateway.deregister(elbName, ids, trace);
        recentChanges.detached(elbName, ids);
        return members;
      });
    });
    this.#fail(elbName, outcomes, failures);
    return listed;
  }

  async #register(elbName: ElbName, instanceIds: Members, trace: AwsTrace): Promise<void> {
    const { gateway, recentChanges, inventory } = this.#deps;
    await inventory.changing(elbName, { added: instanceIds }, async () => {
      const members = await gateway.register(elbName, instanceIds, trace);
      recentChanges.attached(elbName, instanceIds);
      return members;
    });
  }

  /**
   * Marks these instances as failed. If AWS may have changed one of them, causes the load balancer to be read again.
   */
  #fail(elbName: ElbName, outcomes: ChangeOutcomes, failures: Failures): void {
    if ([...failures.values()].some(isUnclear)) this.#deps.inventory.doubt(elbName);
    outcomes.refuse((id) => {
      const failure = failures.get(id);
      return failure && duringChange(failure, elbName, id);
    });
  }
}
