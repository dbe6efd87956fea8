import { DomainError } from '../../errors.ts';
import type { InstanceId, Members } from '../instance.ts';

/** How often a call is made again without what AWS refuses in it: each call spends a token of the account's few. */
const mostRepetitions = 5;

/** The failures of a change by instance; instances that are missing were changed. */
export type Failures = ReadonlyMap<InstanceId, DomainError>;

/**
 * Changes the instances in one call of `make`. AWS changes all of a call or none, so where it names an instance that it
 * refuses, the call is made again without that one, at most five times and until the deadline. Throws what `make`
 * throws beside DomainErrors.
 */
export async function retryWithoutRefused(
  instanceIds: Members,
  deadline: AbortSignal,
  make: (instanceIds: Members) => Promise<unknown>,
): Promise<Failures> {
  const failures = new Map<InstanceId, DomainError>();
  let left = instanceIds;
  for (let repetitions = 0; left.length > 0; repetitions += 1) {
    const error = await failureOf(make(left));
    if (error === undefined) break;
    const refused = refusedOf(error, left);
    for (const id of refused) failures.set(id, error);
    left = left.filter((id) => !failures.has(id));
    const mayGoOn = refused.length > 0 && repetitions < mostRepetitions && !deadline.aborted;
    if (mayGoOn) continue;
    const last = refused.length > 0 ? notTried(failures.size) : ofNoOne(error, left.length);
    for (const id of left) failures.set(id, last);
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
    `not tried: AWS refused ${refused} other ${refused === 1 ? 'instance' : 'instances'} of the same call one after the other`,
    { advice: 'nothing was changed, so try this one again', retryAfterSeconds: 1 },
  );
}

/** To find the one by trying each would spend the account's budget of changes. */
function ofNoOne(error: DomainError, count: number): DomainError {
  return error.code === 'instance_refused'
    ? error.withAdvice(
        `AWS does not say which of ${count} instances it refuses; nothing was changed, so try fewer at once`,
      )
    : error;
}
