import { DomainError, isUnclear } from '../../errors.ts';
import type { AwaitedState } from '../health/awaited-instance.ts';
import type { ElbName, InstanceId } from '../instance.ts';

/** A change that was made, and the state for which the caller waits. */
export interface MadeChange {
  readonly elbName: ElbName;
  readonly instanceId: InstanceId;
  readonly awaited: AwaitedState;
}

/** Returns the error for a wait that ends because the service closes. */
export function closing(change: MadeChange): DomainError {
  const problem = `${made(change)}, but this service is closing and cannot wait until it is ${change.awaited}`;
  return new DomainError('closing', problem, {
    advice: `see GET /elb/${change.elbName}/health`,
    retryAfterSeconds: 1,
  });
}

/**
 * Returns the error for an instance that is no longer a member. `again` is true if it was reattached after draining.
 * AWS detaches terminated instances, so if the instance is terminated, the error includes `state`, its EC2 state.
 */
export function lost(change: MadeChange, again: boolean, state?: string): DomainError {
  const problem = `${made(change)}${again ? ' and reattached after draining' : ''}, but it is no longer a member`;
  if (state === 'terminated' || state === 'shutting-down')
    return new DomainError('attachment_lost', `${problem}: its EC2 state is ${state}`, {
      advice: 'attach another instance',
    });
  return new DomainError('attachment_lost', again ? problem : `${problem}: another client detached it`, {
    advice: 'find out which client detached it, then attach it again',
  });
}

/** Returns the error for a second attachment, after draining, that failed with `error`. */
export function secondAttachFailed(change: MadeChange, error: unknown): unknown {
  if (!(error instanceof DomainError)) return error;
  const history = `${made(change)} while it was draining, and was no longer a member after draining`;
  return error.withAdvice(
    isUnclear(error)
      ? `${history}; it is unknown whether it was attached again, so look for it in GET /elb/${change.elbName}`
      : `${history}, so attach it again`,
  );
}

/** Returns any other failure of a wait. Its advice states that the change was made before the failure. */
export function failedAfterChange(change: MadeChange, error: unknown): unknown {
  return error instanceof DomainError ? error.withAdvice(`${made(change)} before this error`) : error;
}

function made({ elbName, instanceId, awaited }: MadeChange): string {
  return awaited === 'in-service'
    ? `${instanceId} was attached to ${elbName}`
    : `${instanceId} was detached from ${elbName}`;
}
