import { DomainError, type ErrorCode, isUnclear } from '../../errors.ts';
import type { ElbName, InstanceId } from '../instance.ts';

/*
 * Every failure of a change says which of three holds: the change was made, it was not made, or AWS has not said.
 * These functions are the only place that decides it.
 */

/**
 * Returns what a check brings. It comes before the change, so its failure says that nothing was changed. Checks run
 * side by side; when one has failed, nobody waits for the other.
 */
export function checked<T>(check: Promise<T>): Promise<T> {
  const result = check.catch((error: unknown) => {
    throw error instanceof DomainError ? beforeChange(error) : error;
  });
  result.catch(() => undefined);
  return result;
}

/** Failures whose advice does not say yet that nothing was changed, though the advice alone does not imply it. */
const silent: ReadonlySet<ErrorCode> = new Set([
  ...(['aws_failed', 'aws_refused', 'aws_unreachable', 'no_aws_credentials'] as const),
]);

function beforeChange(error: DomainError): DomainError {
  return silent.has(error.code)
    ? error.withAdvice(`nothing was changed; ${error.details.advice ?? 'try again in a few seconds'}`)
    : error;
}

/** Returns the failure of a changing call, worded for one instance of that call. */
export function duringChange(error: DomainError, elbName: ElbName, instanceId: InstanceId): DomainError {
  if (!isUnclear(error)) return beforeChange(error);
  return error.withAdvice(
    `whether the change was made is unknown, so look for ${instanceId} in GET /elb/${elbName} before trying again`,
  );
}
