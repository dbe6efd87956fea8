import { DomainError } from '../../errors.ts';
import { type AwsTrace, extendTrace } from '../../telemetry/aws-trace.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Clock } from '../../clock.ts';
import type { LastHealth } from '../health/awaited-instance.ts';
import type { HealthService } from '../health/health-service.ts';
import type { HealthWaiter } from '../health/health-waiter.ts';
import type { RecentChanges } from '../health/recent-changes.ts';
import { type HealthEntry, unreported } from '../member-health.ts';
import { only } from './change-outcomes.ts';
import type { MembershipChanges } from './membership-changes.ts';
import { closing, failedAfterChange, lost, type MadeChange, secondAttachFailed } from './wait-failures.ts';

export interface Wait extends MadeChange {
  /** The time at which the wait ends, on the time scale of `Clock.now()`. */
  readonly until: number;
}

export type WaitOutcome =
  /** The instance is in the requested state. `again` is true if it was attached a second time after draining. */
  | { readonly how: 'reached'; readonly again: boolean }
  | { readonly how: 'timed-out'; readonly health: HealthEntry | undefined }
  | { readonly how: 'disconnected' };

export interface ChangeWaiterDeps {
  readonly waiter: HealthWaiter;
  readonly health: HealthService;
  readonly recentChanges: RecentChanges;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Attaches instances again, within `deadlineMs` milliseconds. */
  readonly changes: Pick<MembershipChanges, 'attach'>;
  readonly deadlineMs: number;
}

/** The deadline for the explanation after a timeout, in milliseconds. */
const explainMs = 2000;
/** The maximum age of the EC2 data in the explanation, in milliseconds. */
const factsMaxAgeMs = 1000;

/** Waits until a changed instance is in the requested state. */
export class ChangeWaiter {
  readonly #deps: ChangeWaiterDeps;

  constructor(deps: ChangeWaiterDeps) {
    this.#deps = deps;
  }

  /**
   * Waits for the state. AWS does not document whether an instance that is attached while it drains remains a member
   * after draining. If it is no longer a member, this method reattaches it. Throws `closing`, `attachment_lost`,
   * `elb_not_found`, and the errors of the second attachment; each error states the change that was made.
   */
  async until(wait: Wait, trace: AwsTrace, disconnected: AbortSignal): Promise<WaitOutcome> {
    const { elbName, instanceId, awaited, until } = wait;
    const { waiter, recentChanges, clock } = this.#deps;
    const drainedBefore = recentChanges.get(elbName, instanceId).drainingSince !== undefined;
    for (const again of [false, true]) {
      const end = await waiter.until(elbName, instanceId, awaited, { ms: until - clock.now(), disconnected });
      if (end.how === 'lost') {
        const { attachedAt = -Infinity, detachedAt = -Infinity } = recentChanges.get(elbName, instanceId);
        const drained = (end.drained || drainedBefore) && detachedAt < attachedAt;
        if (again || !drained) throw lost(wait, again, (await this.#explain(wait, {}, trace))?.instanceState);
        await this.#attachAgain(wait, trace);
        continue;
      }
      if (end.how === 'closing') throw closing(wait);
      if (end.how === 'failed') throw failedAfterChange(wait, end.error);
      if (end.how === 'timed-out') return { how: 'timed-out', health: await this.#explain(wait, end, trace) };
      return end.how === 'reached' ? { how: 'reached', again } : { how: 'disconnected' };
    }
    throw new Error('the second round returns or throws');
  }

  async #attachAgain(wait: Wait, trace: AwsTrace): Promise<void> {
    const { elbName, instanceId, until } = wait;
    const { changes, clock, deadlineMs, logger } = this.#deps;
    const own = extendTrace(trace, clock, Math.min(deadlineMs, until - clock.now()));
    try {
      only(await changes.attach(elbName, [instanceId], own));
      logger.info({ elbName, instanceId }, 'reattached, because it was no longer a member after draining');
    } catch (error) {
      // Another client has attached the instance.
      if (error instanceof DomainError && error.code === 'instance_already_attached') return;
      throw secondAttachFailed(wait, error);
    }
  }

  async #explain(
    { elbName, instanceId }: Wait,
    { last = unreported(instanceId), trouble }: LastHealth,
    trace: AwsTrace,
  ): Promise<HealthEntry | undefined> {
    const { clock, health } = this.#deps;
    const since = clock.now() - factsMaxAgeMs;
    const [entry] = await health.explain(elbName, [last], since, extendTrace(trace, clock, explainMs));
    if (entry === undefined || trouble === undefined) return entry;
    return { ...entry, why: `its health is unknown because ${trouble.problem}; check again later` };
  }
}
