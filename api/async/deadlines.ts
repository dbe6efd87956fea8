import { DomainError } from '../errors.ts';
import type { AwsTrace } from '../telemetry/aws-trace.ts';
import type { Clock } from '../clock.ts';

/** Shared calls time out this many milliseconds earlier than their waiters, so that waiters receive the cause. */
export const headStartMs = 100;

/**
 * Resolves with true when the promise is fulfilled. Resolves with false when the promise is rejected or after `ms`
 * milliseconds.
 */
export async function fulfilledWithin(promise: Promise<unknown>, ms: number, clock: Clock): Promise<boolean> {
  let cancel = (): void => undefined;
  const timeout = new Promise<boolean>((resolve) => {
    cancel = clock.after(Math.max(0, ms), () => {
      resolve(false);
    });
  });
  try {
    return await Promise.race([settles(promise, false), timeout]);
  } finally {
    cancel();
  }
}

/**
 * Returns the result of a shared call, which is counted as a call in this trace. Throws the errors of the call. Throws
 * `aws_unreachable` at the deadline of the trace, with `what` as the name of the requested data.
 */
export async function withinDeadline<T>(promise: Promise<T>, what: string, trace: AwsTrace): Promise<T> {
  trace.time.calls += 1;
  if (await trace.time.during(settledBefore(promise, trace))) return promise;
  throw new DomainError('aws_unreachable', `AWS did not return ${what} in time`, {
    advice: 'try again in a few seconds',
    retryAfterSeconds: 2,
  });
}

async function settledBefore(promise: Promise<unknown>, { deadline }: AwsTrace): Promise<boolean> {
  let passed = (): void => undefined;
  const timeout = new Promise<boolean>((resolve) => {
    passed = () => {
      resolve(false);
    };
  });
  deadline.addEventListener('abort', passed);
  // An aborted signal emits no more events. setImmediate gives precedence to a promise that has already settled.
  if (deadline.aborted) setImmediate(passed);
  try {
    return await Promise.race([settles(promise, true), timeout]);
  } finally {
    deadline.removeEventListener('abort', passed);
  }
}

function settles(promise: Promise<unknown>, rejection: boolean): Promise<boolean> {
  return promise.then(
    () => true,
    () => rejection,
  );
}
