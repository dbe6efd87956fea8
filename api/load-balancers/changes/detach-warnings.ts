import type { Logger } from '../../telemetry/logger.ts';
import type { ChangeOptions } from './change-options.ts';
import type { LastInServiceGuard } from './last-in-service-guard.ts';
import type { ElbName, Members } from '../instance.ts';

/** Logs warnings about detaches that can leave a load balancer without a member in service. */
export class DetachWarnings {
  readonly #logger: Logger;
  readonly #lastInService: LastInServiceGuard;

  constructor(logger: Logger, lastInService: LastInServiceGuard) {
    this.#logger = logger;
    this.#lastInService = lastInService;
  }

  /**
   * Logs a warning if no member is in service after the detach, as far as `listed`, the remaining members, or recent
   * health shows, and a warning if the detach was forced past the protection of the last member in service.
   */
  detached(
    elbName: ElbName,
    instanceIds: Members,
    listed: Members | undefined,
    { actor, requestId, force = false }: ChangeOptions,
  ): void {
    const fields = { principal: actor, requestId, elbName, instanceIds };
    if (listed?.length === 0 || this.#lastInService.wereLast(elbName, instanceIds))
      this.#logger.warn(fields, 'no member is in service after this detach');
    if (this.#lastInService.isProtected && force)
      this.#logger.warn(fields, 'detached by force, without the check for the last member in service');
  }
}
