import { DomainError } from '../../errors.ts';
import type { InstanceId, Members } from '../instance.ts';

/** Each retry uses up a token of the account's low rate limit for changes. */
const maxRetries = 5;

/** The failures of a change by instance. All other instances were changed successfully. */
export type Failures = ReadonlyMap<InstanceId, DomainError>;

/**
 * Changes the instances with one call of `make`. AWS changes either all instances in a call or none of them. If AWS
 * rejects an instance and identifies it, retries the call without this instance, at most five times and until the
 * deadline. Throws the errors of `make` that are not DomainErrors.
 */
export async function retryWithoutRefused(
  instanceIds: Members,
  deadline: AbortSignal,
  make: (instanceIds: Members) => Promise<unknown>,
): Promise<Failures> {
  const failures = new Map<InstanceId, DomainError>();
  let remaining = instanceIds;
  for (let retries = 0; remaining.length > 0; retries += 1) {
    const error = await failureOf(make(remaining));
    if (error === undefined) break;
    const refused = refusedOf(error, remaining);
    for (const id of refused) failures.set(id, error);
    remaining = remaining.filter((id) => !failures.has(id));
    const mayRetry = refused.length > 0 && retries < maxRetries && !deadline.aborted;
    if (mayRetry) continue;
    const last = refused.length > 0 ? notTried(failures.size) : withoutNames(error, remaining.length);
    for (const id of remaining) failures.set(id, last);
    break;
  }
  return failures;
}

async function failureOf(call: Promise<unknown>): Promise<DomainError | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

function refusedOf(error: DomainError, asked: Members): Members {
  if (error.code !== 'instance_refused') return [];
  const named = asked.filter((id) => error.details.refusedInstances?.includes(id));
  return asked.length === 1 ? asked : named;
}

function notTried(refused: number): DomainError {
  return new DomainError(
    'not_tried',
    `not tried: AWS refused ${refused} other ${refused === 1 ? 'instance' : 'instances'} in the same call`,
    { advice: 'nothing was changed, so try this one again', retryAfterSeconds: 1 },
  );
}

/** Finding the rejected instance with one call per instance would exhaust the account's rate limit. */
function withoutNames(error: DomainError, count: number): DomainError {
  return error.code === 'instance_refused'
    ? error.withAdvice(
        `AWS refused one of ${count} instances without identifying it; nothing was changed, so try again with fewer instances`,
      )
    : error;
}
