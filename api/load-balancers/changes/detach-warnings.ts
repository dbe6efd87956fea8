import type { Logger } from '../../telemetry/logger.ts';
import type { ChangeOptions } from './change-options.ts';
import type { LastInServiceGuard } from './last-in-service-guard.ts';
import type { ElbName, Members } from '../instance.ts';

/** Warns of detaches that can leave a load balancer without a member in service. */
export class DetachWarnings {
  readonly #logger: Logger;
  readonly #lastInService: LastInServiceGuard;

  constructor(logger: Logger, lastInService: LastInServiceGuard) {
    this.#logger = logger;
    this.#lastInService = lastInService;
  }

  /**
   * Warns where the detach leaves no member in service, and where it was forced past the check for that. The first is
   * known without a call of AWS where `listed`, the members left, is empty, or where the health was read a short time
   * before.
   */
  detached(
    elbName: ElbName,
    instanceIds: Members,
    listed: Members | undefined,
    { actor, requestId, force = false }: ChangeOptions,
  ): void {
    const fields = { principal: actor, requestId, elbName, instanceIds };
    if (listed?.length === 0 || this.#lastInService.wereLast(elbName, instanceIds))
      this.#logger.warn(fields, 'no member is known to be in service after this detach');
    if (this.#lastInService.isProtected && force)
      this.#logger.warn(
        fields,
        'detached by force, without a look at whether it was the last one in service',
      );
  }
}
