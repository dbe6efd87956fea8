import { DomainError } from '../errors.ts';
import type { AwsTrace } from '../telemetry/aws-trace.ts';
import type { Clock } from '../clock.ts';

/** Resolves with true once the promise has fulfilled, with false when `ms` milliseconds have passed or it has failed. */
export async function fulfilledWithin(promise: Promise<unknown>, ms: number, clock: Clock): Promise<boolean> {
  let cancel: () => void = () => undefined;
  const patience = new Promise<boolean>((resolve) => {
    cancel = clock.after(Math.max(0, ms), () => {
      resolve(false);
    });
  });
  const fulfilled = promise.then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([fulfilled, patience]);
  } finally {
    cancel();
  }
}

/** Returns what the promise brings, the answer of a shared call about `what`; the wait counts as the trace's own call. Throws `aws_unreachable` when the trace's deadline comes first. */
export async function withinDeadline<T>(promise: Promise<T>, what: string, trace: AwsTrace): Promise<T> {
  trace.time.calls += 1;
  if (await trace.time.during(settledBefore(promise, trace))) return promise;
  throw new DomainError('aws_unreachable', `AWS did not tell of ${what} in time`, {
    advice: 'try again in a few seconds',
    retryAfterSeconds: 2,
  });
}

async function settledBefore(promise: Promise<unknown>, trace: AwsTrace): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  let passed: () => void = () => undefined;
  const deadline = new Promise<boolean>((resolve) => {
    passed = () => {
      resolve(false);
    };
    trace.deadline.addEventListener('abort', passed);
    // A deadline that has passed already fires no event; a promise that is settled already goes before it.
    if (trace.deadline.aborted) setImmediate(passed);
  });
  try {
    return await Promise.race([settled, deadline]);
  } finally {
    trace.deadline.removeEventListener('abort', passed);
  }
}
