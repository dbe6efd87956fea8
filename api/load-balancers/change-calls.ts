import { isUnclear } from '../errors.ts';
import type { AwsTrace } from '../telemetry/aws-trace.ts';
import type { Clock } from '../time.ts';
import { duringChange } from './change-failures.ts';
import { type Failures, goOnWithoutRefused } from './go-on-without.ts';
import type { Inventory } from './inventory.ts';
import type { LoadBalancerGateway, Members } from './load-balancer-gateway.ts';
import type { ElbName } from './machine.ts';
import type { Outcomes } from './outcomes.ts';
import type { RecentChanges } from './recent-changes.ts';
import { Registrations } from './registrations.ts';

export interface ChangeCallsDeps {
  readonly gateway: LoadBalancerGateway;
  readonly inventory: Inventory;
  readonly changes: RecentChanges;
  readonly clock: Clock;
}

/** Makes the calls that change members, and takes their results into the inventory and the outcomes. */
export class ChangeCalls {
  readonly #deps: ChangeCallsDeps;
  readonly #registrations: Registrations;

  constructor(deps: ChangeCallsDeps) {
    this.#deps = deps;
    this.#registrations = new Registrations((...change) => this.#register(...change), deps.clock);
  }

  /** Registers the instances left, and fails those that AWS did not register. */
  async register(elbName: ElbName, outcomes: Outcomes, trace: AwsTrace): Promise<void> {
    this.#fail(elbName, outcomes, await this.#registrations.join(elbName, outcomes.left, trace));
  }

  /**
   * Deregisters the instances left, and fails those that AWS did not deregister. Returns the members that AWS then
   * lists; undefined where it made no change, or its answer was lost.
   */
  async deregister(elbName: ElbName, outcomes: Outcomes, trace: AwsTrace): Promise<Members | undefined> {
    const { gateway, changes, inventory } = this.#deps;
    let listed: Members | undefined;
    const failures = await goOnWithoutRefused(outcomes.left, trace.deadline, async (ids) => {
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
  #fail(elbName: ElbName, outcomes: Outcomes, failures: Failures): void {
    if ([...failures.values()].some(isUnclear)) this.#deps.inventory.doubt(elbName);
    outcomes.refuse((id) => {
      const failure = failures.get(id);
      return failure && duringChange(failure, elbName, id);
    });
  }
}
