import { DomainError } from '../errors.ts';
import type { Urgency } from '../load-balancers/load-balancer-gateway.ts';
import type { ElbName } from '../load-balancers/machine.ts';
import type { AwsLedger, AwsTrace } from '../telemetry.ts';
import { isThrottling, toDomainError } from './aws-errors.ts';
import type { CallGate } from './call-gate.ts';

/** One request of AWS, whatever the service. */
export interface AwsRequest {
  /** As IAM writes it: `elasticloadbalancing:DescribeLoadBalancers`. */
  readonly action: string;
  readonly region: string;
  readonly elbName?: ElbName;
  readonly gate: CallGate;
  /** What is urgent goes before others and may take the gate's reserve. */
  readonly urgency?: Urgency;
  /** Whether an outage of this kind is told to the next callers at once, instead of letting each wait for it. */
  readonly pausesOnOutage?: boolean;
  /** Whether the request changes something: then an attempt whose answer was lost decides, whatever came after it. */
  readonly changes?: boolean;
  /** Counts the SDK's attempts, for a caller to whom a repetition makes a difference. */
  readonly attempts?: { count: number };
}

type Middleware = (next: (args: never) => Promise<unknown>) => (args: never) => Promise<unknown>;

interface Place<Step> {
  step: Step;
  name: string;
  priority: 'low';
}

/** What the SDK's commands have of a middleware stack, as far as it is used here. */
export interface Command {
  readonly middlewareStack: {
    // The SDK has a signature a step, which one signature for both would not fit.
    add(middleware: Middleware, place: Place<'finalizeRequest'>): void;
    // eslint-disable-next-line @typescript-eslint/unified-signatures
    add(middleware: Middleware, place: Place<'deserialize'>): void;
  };
}

/** Operations whose first request has left: the further pages of a list are taken to be as old as its first. */
const told = new WeakSet<AwsTrace>();

type Output = { readonly $metadata: { readonly requestId?: string | undefined } };

/**
 * Sends a command and returns its output. Each of the SDK's attempts goes through the gate and the ledger; when the
 * deadline passes, what stopped the last attempt is thrown, as a DomainError.
 */
export async function callAws<O extends Output>(
  command: Command,
  request: AwsRequest,
  trace: AwsTrace,
  ledger: AwsLedger,
  send: (options: { abortSignal: AbortSignal }) => Promise<O>,
): Promise<O> {
  const { gate, action, urgency = 'ordinary', attempts = { count: 0 } } = request;
  const last: { underWay: boolean; leftAt: number; error?: unknown; lost?: unknown } = {
    underWay: false,
    leftAt: -Infinity,
  };
  command.middlewareStack.add(
    (next) => async (args) => {
      attempts.count += 1;
      if (trace.probe === true && last.error instanceof Error) throw last.error;
      // Whose deadline passes in the gate has been kept waiting by the budget, and not by AWS.
      last.error ??= gate.spent();
      await gate.take(trace, { urgency, repeated: attempts.count > 1 });
      if (!told.has(trace)) trace.sent?.();
      told.add(trace);
      last.underWay = true;
      last.leftAt = performance.now();
      try {
        const result = await next(args);
        ledger.record(action, 'ok');
        return result;
      } catch (error) {
        last.error = error;
        const failure = toDomainError(error, request);
        if (request.changes === true && isUnclear(failure)) last.lost ??= error;
        const answered = !(failure instanceof DomainError && failure.code === 'aws_unreachable');
        ledger.record(action, isThrottling(error) ? 'throttled' : 'failed', {
          error: nameOf(error),
          answered,
        });
        if (isThrottling(error)) gate.pause(failure as DomainError);
        throw error;
      } finally {
        last.underWay = false;
      }
    },
    { step: 'finalizeRequest', name: 'callGate', priority: 'low' },
  );

  try {
    const output = await unlessAborted(trace.deadline, (abortSignal) => send({ abortSignal }));
    gate.reopen(last.leftAt);
    if (output.$metadata.requestId !== undefined) trace.requestIds.push(output.$metadata.requestId);
    return output;
  } catch (caught) {
    const error = trace.deadline.aborted && !last.underWay && last.error !== undefined ? last.error : caught;
    const final = toDomainError(error, request);
    const failure = last.lost === undefined || isRefusal(final) ? final : toDomainError(last.lost, request);
    const outage = failure instanceof DomainError && failure.code === 'aws_unreachable';
    if (outage && request.pausesOnOutage === true) gate.pause(failure);
    throw failure;
  }
}

/** AWS's code, or the system's: the message may tell more than a caller should know. */
function nameOf(error: unknown): string {
  const { name = 'Error', code } = error as { name?: string; code?: string };
  return code ?? name;
}

/** Whether it stays open what AWS has done. */
function isUnclear(error: unknown): boolean {
  return error instanceof DomainError && (error.code === 'aws_unreachable' || error.code === 'aws_failed');
}

/** Whether AWS has looked at what was asked, and says how things stand. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof DomainError && (error.code === 'instance_refused' || error.code === 'elb_not_found')
  );
}

/** The SDK heeds the signal while a request is under way, but not while it waits before the next attempt. */
async function unlessAborted<T>(signal: AbortSignal, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
  let abort: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => {
      reject(Object.assign(new Error('the deadline has passed'), { name: 'AbortError' }));
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
  });
  try {
    return await Promise.race([send(signal), aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
