import type { AwsTrace } from '../../telemetry/aws-trace.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { ChangeCalls, type ChangeCallsDeps } from './change-calls.ts';
import { checked } from './change-failures.ts';
import { Preconditions } from './preconditions.ts';
import type { ChangeOptions } from './change-options.ts';
import { warnOfDetach } from './warn-of-detach.ts';
import { DrainingCheck } from '../health/draining-check.ts';
import type { HealthReader } from '../health/health-reader.ts';
import type { Locks } from '../../async/keyed-lock.ts';
import { forecast, type InServiceForecast, type LastInServiceGuard } from './last-in-service-guard.ts';
import type { ElbName } from '../instance.ts';
import { type ChangeOutcome, ChangeOutcomes } from './change-outcomes.ts';
import { alreadyAttached, notAttached } from '../failures.ts';

export interface MembershipChangesDeps extends ChangeCallsDeps {
  readonly health: HealthReader;
  readonly lastInService: LastInServiceGuard;
  readonly locks: Locks;
  readonly logger: Logger;
}

/** The result of a detach. `inService` is present in a dry run. */
export interface Detached {
  readonly outcomes: readonly ChangeOutcome[];
  readonly inService?: InServiceForecast;
}

/** Attaches one or more instances to a load balancer, and detaches them. */
export class MembershipChanges {
  readonly #deps: MembershipChangesDeps;
  readonly #calls: ChangeCalls;
  readonly #draining: DrainingCheck;

  constructor(deps: MembershipChangesDeps) {
    this.#deps = deps;
    this.#calls = new ChangeCalls(deps);
    this.#draining = new DrainingCheck(deps.recentChanges, deps.health, deps.clock);
  }

  /**
   * Attaches the instances and returns one outcome for each requested instance, in order. A duplicate is reported as
   * already attached. Throws `elb_not_found`, `precondition_failed`, and the errors of the gateway if a check fails; in
   * these cases, nothing was changed.
   */
  async attach(
    elbName: ElbName,
    named: readonly string[],
    trace: AwsTrace,
    options: ChangeOptions = {},
  ): Promise<ChangeOutcome[]> {
    const { inventory, locks } = this.#deps;
    const outcomes = new ChangeOutcomes(named);
    await locks.runAll(keysOf(elbName, outcomes, options), async () => {
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
   * Detaches the instances and returns one outcome for each requested instance, in order. A duplicate is reported as
   * not attached. Throws `elb_not_found`, `precondition_failed`, and the errors of the gateway if a check fails; in
   * these cases, nothing was changed.
   */
  async detach(
    elbName: ElbName,
    named: readonly string[],
    trace: AwsTrace,
    options: ChangeOptions = {},
  ): Promise<Detached> {
    const outcomes = new ChangeOutcomes(named);
    const isGuarded = this.#deps.lastInService.guards(elbName, options);
    const keys = keysOf(elbName, outcomes, options);
    // Otherwise, two concurrent detaches could each rely on the other's instance.
    if (isGuarded) keys.push(`${elbName}/in-service`);
    const inService = await this.#deps.locks.runAll(keys, () =>
      this.#detach(elbName, outcomes, isGuarded, trace, options),
    );
    return {
      outcomes: outcomes.inOrder((id) => notAttached(elbName, id)),
      ...(inService !== undefined && { inService }),
    };
  }

  /** Returns the forecast of a dry run. */
  async #detach(
    elbName: ElbName,
    outcomes: ChangeOutcomes,
    isGuarded: boolean,
    trace: AwsTrace,
    options: ChangeOptions,
  ): Promise<InServiceForecast | undefined> {
    const { inventory, lastInService, logger } = this.#deps;
    const urgency = urgencyOf(options);
    const healthy = isGuarded ? checked(lastInService.inService(elbName, urgency, trace)) : undefined;
    const preconditions = new Preconditions(inventory, elbName, outcomes, urgency, trace);
    await preconditions.refuseNonMembers();
    if (healthy !== undefined) await preconditions.keepLastInService(healthy);
    await preconditions.describe();
    await preconditions.requireMatch(options.ifMatch);
    if (outcomes.remaining.length === 0) return undefined;
    if (options.dryRun === true)
      return forecast(healthy ?? lastInService.inService(elbName, urgency, trace), outcomes.remaining);
    const listed = await this.#calls.deregister(elbName, outcomes, trace);
    const detached = { elbName, instanceIds: outcomes.remaining };
    if (detached.instanceIds.length > 0) warnOfDetach(logger, lastInService, detached, listed, options);
    return undefined;
  }
}

/**
 * Returns the keys of the locks for a change. Changes of the same instance run one after another, and so do all
 * conditional changes of a load balancer.
 */
function keysOf(elbName: ElbName, { ids }: ChangeOutcomes, { ifMatch }: ChangeOptions): string[] {
  const keys = ids.map((id) => `${elbName}/${id}`);
  return ifMatch === undefined ? keys : [elbName, ...keys];
}

function urgencyOf({ dryRun }: ChangeOptions): 'urgent' | 'ordinary' {
  return dryRun === true ? 'ordinary' : 'urgent';
}
