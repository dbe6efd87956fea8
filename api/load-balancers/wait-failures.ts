import { DomainError } from '../errors.ts';
import type { Wait } from './change-waits.ts';

type Done = Pick<Wait, 'elbName' | 'instanceId' | 'wish'>;

/** The service closes while the caller waits. */
export function closing(wait: Done): DomainError {
  const problem = `${done(wait)}, but this service is closing and cannot wait until it is ${wait.wish}`;
  return new DomainError('closing', problem, {
    advice: `see GET /elb/${wait.elbName}/health`,
    retryAfterSeconds: 1,
  });
}

/** The instance is no longer a member; `again` where it was attached a second time after its draining. */
export function lost(wait: Done, again: boolean): DomainError {
  const problem = again
    ? `${done(wait)}, again when its draining had ended, but it is no member any more`
    : `${done(wait)}, but it is no member any more: somebody else detached it`;
  return new DomainError('attachment_lost', problem, { advice: 'find out who, and attach it again' });
}

/** The attachment was gone after the draining, and the second one failed. */
export function attachedAgainFailed(wait: Done, error: unknown): unknown {
  if (!(error instanceof DomainError)) return error;
  return error.withAdvice(
    `${done(wait)} while it drained and was no member when the draining had ended, so attach it again`,
  );
}

/** Any other failure after the change. */
export function withDone(wait: Done, error: unknown): unknown {
  return error instanceof DomainError ? error.withAdvice(`${done(wait)} before that`) : error;
}

function done({ elbName, instanceId, wish }: Done): string {
  return wish === 'in-service'
    ? `${instanceId} was attached to ${elbName}`
    : `${instanceId} was detached from ${elbName}`;
}
