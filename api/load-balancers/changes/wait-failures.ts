import { DomainError, isUnclear } from '../../errors.ts';
import type { AwaitedState } from '../health/health-waiter.ts';
import type { ElbName, InstanceId } from '../instance.ts';

/** A change that was made, and the state of the instance that its caller waits for. */
export interface Done {
  readonly elbName: ElbName;
  readonly instanceId: InstanceId;
  readonly awaited: AwaitedState;
}

/** The service closes while the caller waits. */
export function closing(wait: Done): DomainError {
  const problem = `${done(wait)}, but this service is closing and cannot wait until it is ${wait.awaited}`;
  return new DomainError('closing', problem, {
    advice: `see GET /elb/${wait.elbName}/health`,
    retryAfterSeconds: 1,
  });
}

/**
 * The instance is no longer a member; `again` where it was attached a second time after its draining. AWS itself ends the
 * membership of an instance that is terminated, which `state`, EC2's state of it, shows.
 */
export function lost(wait: Done, again: boolean, state?: string): DomainError {
  const so = `${done(wait)}${again ? ', again when its draining had ended' : ''}, but it is no member any more`;
  if (state === 'terminated' || state === 'shutting-down')
    return new DomainError('attachment_lost', `${so}: EC2 says that it is ${state}`, {
      advice: 'attach another instance',
    });
  return new DomainError('attachment_lost', again ? so : `${so}: somebody else detached it`, {
    advice: 'find out who, and attach it again',
  });
}

/** The attachment was gone after the draining, and the second one failed. */
export function attachedAgainFailed(wait: Done, error: unknown): unknown {
  if (!(error instanceof DomainError)) return error;
  const so = `${done(wait)} while it drained and was no member when the draining had ended`;
  return error.withAdvice(
    isUnclear(error)
      ? `${so}; whether it was attached again is unknown, so look for it in GET /elb/${wait.elbName}`
      : `${so}, so attach it again`,
  );
}

/** Any other failure after the change. */
export function withDone(wait: Done, error: unknown): unknown {
  return error instanceof DomainError ? error.withAdvice(`${done(wait)} before that`) : error;
}

function done({ elbName, instanceId, awaited }: Done): string {
  return awaited === 'in-service'
    ? `${instanceId} was attached to ${elbName}`
    : `${instanceId} was detached from ${elbName}`;
}
