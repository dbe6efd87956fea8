import type { AwsTrace } from '../../telemetry/aws-trace.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { ChangeCalls, type ChangeCallsDeps } from './change-calls.ts';
import { Preconditions } from './preconditions.ts';
import type { ChangeOptions } from './change-options.ts';
import { DetachWarnings } from './detach-warnings.ts';
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

/** What became of a detach; in a dry run, with what it would leave in service. */
export interface Detached {
  readonly outcomes: readonly ChangeOutcome[];
  readonly inService?: InServiceForecast;
}

/** Attaches and detaches instances of a load balancer: one, or many at once. */
export class MembershipChanges {
  readonly #deps: MembershipChangesDeps;
  readonly #calls: ChangeCalls;
  readonly #drainings: DrainingCheck;
  readonly #log: DetachWarnings;
  readonly #locks = new KeyedLock();

  constructor(deps: MembershipChangesDeps) {
    this.#deps = deps;
    this.#calls = new ChangeCalls(deps);
    this.#drainings = new DrainingCheck(deps.changes, deps.health, deps.clock);
    this.#log = new DetachWarnings(deps.logger, deps.lastInService);
  }

  /**
   * Attaches the instances and returns one outcome for each that is named, in order; an instance that is named again
   * is a member already. Throws `elb_not_found`, `precondition_failed`, and what the calls of the checks throw: then
   * nothing was changed.
   */
  async attach(
    elbName: ElbName,
    named: readonly string[],
    trace: AwsTrace,
    options: ChangeOptions = {},
  ): Promise<ChangeOutcome[]> {
    const outcomes = new ChangeOutcomes(named);
    await this.#locks.runAll(keysOf(elbName, outcomes, options), async () => {
      const checks = this.#checks(elbName, outcomes, options, trace);
      await checks.refuseMembers();
      await checks.describe();
      checks.refuseUnsuitable();
      await checks.requireMatch(options.ifMatch);
      if (options.dryRun !== true && outcomes.left.length > 0)
        await this.#calls.register(elbName, outcomes, trace);
    });
    outcomes.draining = await this.#drainings.of(elbName, outcomes.left, trace);
    return outcomes.inOrder((id) => alreadyAttached(elbName, id));
  }

  /**
   * Detaches the instances and returns one outcome for each that is named, in order; an instance that is named again
   * is no member any more. Throws `elb_not_found`, `precondition_failed`, and what the calls of the checks throw: then
   * nothing was changed.
   */
  async detach(
    elbName: ElbName,
    named: readonly string[],
    trace: AwsTrace,
    options: ChangeOptions = {},
  ): Promise<Detached> {
    const { lastInService } = this.#deps;
    const outcomes = new ChangeOutcomes(named);
    const guard = { force: options.force, urgency: urgencyOf(options) };
    let inService: InServiceForecast | undefined;
    await this.#locks.runAll(keysOf(elbName, outcomes, options), () =>
      lastInService.guard(elbName, guard, trace, async (healthy) => {
        const checks = this.#checks(elbName, outcomes, options, trace);
        await checks.refuseStrangers();
        await checks.keepLastInService(healthy);
        await checks.describe();
        await checks.requireMatch(options.ifMatch);
        if (outcomes.left.length === 0) return;
        if (options.dryRun === true) {
          const before = healthy ?? lastInService.inService(elbName, 'ordinary', trace);
          inService = await forecast(before, outcomes.left);
          return;
        }
        const listed = await this.#calls.deregister(elbName, outcomes, trace);
        if (outcomes.left.length > 0) this.#log.detached(elbName, outcomes.left, listed, options);
      }),
    );
    return {
      outcomes: outcomes.inOrder((id) => notAttached(elbName, id)),
      ...(inService !== undefined && { inService }),
    };
  }

  #checks(
    elbName: ElbName,
    outcomes: ChangeOutcomes,
    options: ChangeOptions,
    trace: AwsTrace,
  ): Preconditions {
    return new Preconditions(this.#deps.inventory, elbName, outcomes, urgencyOf(options), trace);
  }
}

/** Changes of one instance exclude each other; so do all conditional changes of a load balancer: of two with one ETag, one is made. */
function keysOf(elbName: ElbName, { ids }: ChangeOutcomes, { ifMatch }: ChangeOptions): string[] {
  const keys = ids.map((id) => `${elbName}/${id}`);
  return ifMatch === undefined ? keys : [elbName, ...keys];
}

/** Checks of changes go before reads; those of dry runs do not. */
function urgencyOf({ dryRun }: ChangeOptions): 'urgent' | 'ordinary' {
  return dryRun === true ? 'ordinary' : 'urgent';
}
