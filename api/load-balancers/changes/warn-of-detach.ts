import type { Logger } from '../../telemetry/logger.ts';
import type { ElbName, Members } from '../instance.ts';
import type { ChangeOptions } from './change-options.ts';
import type { LastInServiceGuard } from './last-in-service-guard.ts';

/**
 * Logs a warning if `listed`, which contains the remaining members, or recent health data shows that no member is in
 * service after a detach. Also logs a warning if the detach was forced although PROTECT_LAST_IN_SERVICE would have
 * prevented it.
 */
export function warnOfDetach(
  logger: Logger,
  guard: LastInServiceGuard,
  detached: { readonly elbName: ElbName; readonly instanceIds: Members },
  listed: Members | undefined,
  { actor, requestId, traceId, force = false }: ChangeOptions,
): void {
  const fields = { principal: actor, requestId, ...(traceId !== undefined && { traceId }), ...detached };
  if (listed?.length === 0 || guard.wereLast(detached.elbName, detached.instanceIds))
    logger.warn(fields, 'no member is in service after this detach');
  if (guard.isProtected(detached.elbName) && force)
    logger.warn(fields, 'forced detach: skipped the check for the last member in service');
}
