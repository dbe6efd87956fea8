import type { AwsTrace } from '../../telemetry/aws-trace.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { ChangeCalls, type ChangeCallsDeps } from './change-calls.ts';
import { Preconditions } from './preconditions.ts';
import type { ChangeOptions } from './change-options.ts';
import { warnOfDetach } from './warn-of-detach.ts';
import { DrainingCheck } from '../health/draining-check.ts';
import type { HealthReader } from '../health/health-reader.ts';
import { KeyedLock } from '../../async/keyed-lock.ts';
import { forecast, type InServiceForecast, type LastInServiceGuard } from './last-in-service-guard.ts';
import type { ElbName } from '../instance.ts';
import { type ChangeOutcome, ChangeOutcomes } from './change-outcomes.ts';
import { alreadyAttached, notAttached } from '../failures.ts';

export interface MembershipChangesDeps extends ChangeCallsDeps {
  readonly health: HealthReader;
  readonly lastInService: LastInServiceGuard;
  readonly logger: Logger;
}

/** The result of a detach. `inService` is present in a dry run. */
export interface Detached {
  readonly outcomes: readonly ChangeOutcome[];
  readonly inService?: InServiceForecast;
}

/** Attaches and detaches instances of a load balancer: one, or many at once. */
export class MembershipChanges {
  readonly #deps: MembershipChangesDeps;
  readonly #calls: ChangeCalls;
  readonly #draining: DrainingCheck;
  readonly #locks = new KeyedLock();

  constructor(deps: MembershipChangesDeps) {
    this.#deps = deps;
    this.#calls = new ChangeCalls(deps);
    this.#draining = new DrainingCheck(deps.recentChanges, deps.health, deps.clock);
  }

  /**
   * Attaches the instances and returns one outcome for each named instance, in order; a duplicate is already a member.
   * Throws `elb_not_found`, `precondition_failed`, and the errors of the gateway in the checks; in that case, nothing
   * was changed.
   */
  async attach(
    elbName: ElbName,
    named: readonly string[],
    trace: AwsTrace,
    options: ChangeOptions = {},
  ): Promise<ChangeOutcome[]> {
    const { inventory } = this.#deps;
    const outcomes = new ChangeOutcomes(named);
    await this.#locks.runAll(keysOf(elbName, outcomes, options), async () => {
      const preconditions = new Preconditions(inventory, elbName, outcomes, urgencyOf(options), trace);
      await preconditions.refuseMembers();
      await preconditions.describe();
      preconditions.refuseUnsuitable();
      await preconditions.requireMatch(options.ifMatch);
      if (options.dryRun !== true && outcomes.remaining.length > 0)
        await this.#calls.register(elbName, outcomes, trace);
    });
    outcomes.draining = await this.#draining.find(elbName, outcomes.remaining, trace);
    return outcomes.inOrder((id) => alreadyAttached(elbName, id));
  }

  /**
   * Detaches the instances and returns one outcome for each named instance, in order; a duplicate is no longer a
   * member. Throws `elb_not_found`, `precondition_failed`, and the errors of the gateway in the checks; in that case,
   * nothing was changed.
   */
  async detach(
    elbName: ElbName,
    named: readonly string[],
    trace: AwsTrace,
    options: ChangeOptions = {},
  ): Promise<Detached> {
    const { inventory, lastInService, logger } = this.#deps;
    const outcomes = new ChangeOutcomes(named);
    const guard = { force: options.force, urgency: urgencyOf(options) };
    let inService: InServiceForecast | undefined;
    await this.#locks.runAll(keysOf(elbName, outcomes, options), () =>
      lastInService.guard(elbName, guard, trace, async (healthy) => {
        const preconditions = new Preconditions(inventory, elbName, outcomes, guard.urgency, trace);
        await preconditions.refuseNonMembers();
        await preconditions.keepLastInService(healthy);
        await preconditions.describe();
        await preconditions.requireMatch(options.ifMatch);
        if (outcomes.remaining.length === 0) return;
        if (options.dryRun === true) {
          const before = healthy ?? lastInService.inService(elbName, 'ordinary', trace);
          inService = await forecast(before, outcomes.remaining);
          return;
        }
        const listed = await this.#calls.deregister(elbName, outcomes, trace);
        const detached = { elbName, instanceIds: outcomes.remaining };
        if (detached.instanceIds.length > 0) warnOfDetach(logger, lastInService, detached, listed, options);
      }),
    );
    return {
      outcomes: outcomes.inOrder((id) => notAttached(elbName, id)),
      ...(inService !== undefined && { inService }),
    };
  }
}

/** Changes of one instance run one after the other, and so do all conditional changes of a load balancer. */
function keysOf(elbName: ElbName, { ids }: ChangeOutcomes, { ifMatch }: ChangeOptions): string[] {
  const keys = ids.map((id) => `${elbName}/${id}`);
  return ifMatch === undefined ? keys : [elbName, ...keys];
}

function urgencyOf({ dryRun }: ChangeOptions): 'urgent' | 'ordinary' {
  return dryRun === true ? 'ordinary' : 'urgent';
}
