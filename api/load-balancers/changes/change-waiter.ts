import { DomainError } from '../../errors.ts';
import { startTrace } from '../../telemetry/aws-trace.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Clock } from '../../clock.ts';
import { type HealthEntry, untold } from '../member-health.ts';
import type { HealthService } from '../health/health-service.ts';
import type { ElbName, InstanceId } from '../instance.ts';
import type { RecentChanges } from '../health/recent-changes.ts';
import { attachedAgainFailed, closing, type Done, lost, withDone } from './wait-failures.ts';
import type { LastLooks, HealthWaiter } from '../health/health-waiter.ts';

export interface Wait extends Done {
  /** On the scale of `Clock.now()`. */
  readonly until: number;
}

export type WaitOutcome =
  /** `again`: the attachment was gone after the draining and was made once more. */
  | { readonly how: 'there'; readonly again: boolean }
  | { readonly how: 'late'; readonly health: HealthEntry | undefined }
  /** The caller has hung up. */
  | { readonly how: 'gone' };

export interface ChangeWaiterDeps {
  readonly waiting: HealthWaiter;
  readonly health: HealthService;
  readonly changes: RecentChanges;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Attaches an instance as a request does, within `withinMs` milliseconds. Throws DomainError. */
  readonly attach: (elbName: ElbName, instanceId: InstanceId, withinMs: number) => Promise<unknown>;
}

/** The time for the facts of an answer that is late already, in milliseconds. */
const explainMs = 2000;
/** The greatest age of EC2's facts in it, in milliseconds. */
const factsMaxAgeMs = 1000;

/** Follows a change until the instance is in the state that the caller waits for. */
export class ChangeWaiter {
  readonly #deps: ChangeWaiterDeps;

  constructor(deps: ChangeWaiterDeps) {
    this.#deps = deps;
  }

  /**
   * Waits. Whether AWS drops an attachment that was made while the instance drained is not documented: where it is gone
   * when the draining ends, it is made once more. Throws `closing`, `attachment_lost`, `elb_not_found`, and what a
   * second attachment throws; each says what was done before.
   */
  async until(wait: Wait, gone: AbortSignal): Promise<WaitOutcome> {
    const { elbName, instanceId, until } = wait;
    const { changes } = this.#deps;
    const drainedBefore = changes.get(elbName, instanceId).drainingSince !== undefined;
    for (const again of [false, true]) {
      const ms = until - this.#deps.clock.now();
      const end = await this.#deps.waiting.until(elbName, instanceId, wait.awaited, { ms, gone });
      if (end.how === 'lost') {
        const { attachedAt = -Infinity, detachedAt = -Infinity } = changes.get(elbName, instanceId);
        const drained = (end.drained || drainedBefore) && detachedAt < attachedAt;
        if (again || !drained) throw lost(wait, again, (await this.#explain(wait, {}))?.instanceState);
        await this.#attachAgain(wait);
        continue;
      }
      if (end.how === 'closing') throw closing(wait);
      if (end.how === 'failed') throw withDone(wait, end.error);
      if (end.how === 'late') return { how: 'late', health: await this.#explain(wait, end) };
      return end.how === 'there' ? { how: 'there', again } : { how: 'gone' };
    }
    throw new Error('the second round returns or throws');
  }

  async #attachAgain(wait: Wait): Promise<void> {
    const { elbName, instanceId } = wait;
    try {
      await this.#deps.attach(elbName, instanceId, wait.until - this.#deps.clock.now());
      this.#deps.logger.info(
        { elbName, instanceId },
        'attached again, as it was no member after its draining',
      );
    } catch (error) {
      // Somebody else attached it meanwhile, which is as good.
      if (error instanceof DomainError && error.code === 'instance_already_attached') return;
      throw attachedAgainFailed(wait, error);
    }
  }

  async #explain(
    { elbName, instanceId }: Wait,
    { last = untold(instanceId), trouble }: LastLooks,
  ): Promise<HealthEntry | undefined> {
    const { clock } = this.#deps;
    const since = clock.now() - factsMaxAgeMs;
    const [entry] = await this.#deps.health.explain(elbName, [last], since, startTrace(clock, explainMs));
    if (entry === undefined || trouble === undefined) return entry;
    return { ...entry, why: `its health is not known, as ${trouble.problem}; look again later` };
  }
}
