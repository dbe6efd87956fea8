import { DomainError, type ErrorCode, isUnclear } from '../../errors.ts';
import type { ElbName, InstanceId } from '../instance.ts';

/* Each failure of a change states whether the change was made, was not made, or may have been made. */

/**
 * Returns the result of a check. If the check fails, the error states that nothing was changed. Because checks run
 * concurrently, a failure that is not awaited must not become an unhandled rejection.
 */
export function checked<T>(check: Promise<T>): Promise<T> {
  const result = check.catch((error: unknown) => {
    throw error instanceof DomainError ? beforeChange(error) : error;
  });
  result.catch(() => undefined);
  return result;
}

/** The codes of failures whose advice must be extended with "nothing was changed". */
const unstated: ReadonlySet<ErrorCode> = new Set([
  ...(['aws_failed', 'aws_refused', 'aws_unreachable', 'no_aws_credentials'] as const),
]);

function beforeChange(error: DomainError): DomainError {
  return unstated.has(error.code)
    ? error.withAdvice(`nothing was changed; ${error.details.advice ?? 'try again in a few seconds'}`)
    : error;
}

/** Returns the failure of a call that makes a change, for one instance in that call. */
export function duringChange(error: DomainError, elbName: ElbName, instanceId: InstanceId): DomainError {
  if (!isUnclear(error)) return beforeChange(error);
  return error.withAdvice(
    `it is unknown whether the change was made, so look for ${instanceId} in GET /elb/${elbName} before you try again`,
  );
}
