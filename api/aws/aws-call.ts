import { DomainError, isUnclear } from '../errors.ts';
import type { Urgency } from '../load-balancers/load-balancer-gateway.ts';
import type { ElbName } from '../load-balancers/instance.ts';
import type { Attempt, AwsLedger } from '../telemetry/aws-ledger.ts';
import type { AwsTrace } from '../telemetry/aws-trace.ts';
import type { SpanEnd, Tracer } from '../telemetry/tracer.ts';
import type { Clock } from '../clock.ts';
import { InvalidResponse } from './invalid-response.ts';
import { type HttpResponse, readResponse } from './response-reader.ts';
import { haveStaleCredentials, isThrottling, toDomainError } from './aws-errors.ts';
import type { CallBudget } from './call-budget.ts';
import type { AwsCredentials } from './aws-credentials.ts';
import { NetworkFailure } from './network-failure.ts';
import type { XmlElement } from './xml-document.ts';

/** One request to Elastic Load Balancing or EC2. */
export interface AwsRequest {
  /** The IAM action, such as `elasticloadbalancing:DescribeLoadBalancers`. */
  readonly action: string;
  readonly region: string;
  readonly elbName?: ElbName;
  readonly budget: CallBudget;
  /** Urgent requests are sent before others and may use the reserve of the budget. */
  readonly urgency?: Urgency;
  /**
   * Whether the request makes a change. If the response to one attempt is lost, its error takes precedence over later
   * errors.
   */
  readonly changes?: boolean;
  readonly credentials: AwsCredentials;
  /** The element that every successful response contains, even for an empty list. */
  readonly result: string;
  /** The names of the elements to read; all by default. */
  readonly keep?: ReadonlySet<string>;
  readonly clock: Clock;
  readonly tracer?: Tracer | undefined;
}

type Middleware = (next: (args: never) => Promise<unknown>) => (args: never) => Promise<unknown>;

interface Place<Name> {
  step: Name;
  name: string;
  priority: 'low';
}

/** The parts of the SDK command interface that AwsCall uses. */
export interface Command {
  readonly middlewareStack: {
    // The SDK declares a separate signature for each step.
    add(middleware: Middleware, place: Place<'finalizeRequest'>): void;
    // eslint-disable-next-line @typescript-eslint/unified-signatures
    add(middleware: Middleware, place: Place<'deserialize'>): void;
  };
}

export type Send = (options: {
  abortSignal: AbortSignal;
}) => Promise<{ readonly $metadata: { readonly requestId?: string | undefined } }>;

/** The name for the host in messages before the first attempt. */
const unknownHost = 'AWS';

/** The service IDs in the AWS API models, by the prefix of an IAM action. */
const serviceIds: Readonly<Record<string, string>> = {
  elasticloadbalancing: 'Elastic Load Balancing',
  ec2: 'EC2',
};

/**
 * One AWS call. Each attempt by the SDK waits for the call budget and is recorded in the ledger, and its response is
 * validated.
 */
export class AwsCall {
  readonly #request: AwsRequest;
  readonly #trace: AwsTrace;
  readonly #ledger: AwsLedger;
  #attempts = 0;
  #isInFlight = false;
  #sentAt = -Infinity;
  #host = unknownHost;
  /** The error of the last attempt, or the error for an exhausted budget. */
  #lastError: unknown;
  /** The error of the first attempt that may have made a change. */
  #lost: unknown;
  #answer: XmlElement | undefined;

  constructor(request: AwsRequest, trace: AwsTrace, ledger: AwsLedger) {
    this.#request = request;
    this.#trace = trace;
    this.#ledger = ledger;
  }

  /** Whether a failed attempt may have taken effect. */
  get mayHaveChanged(): boolean {
    return this.#lost !== undefined;
  }

  /**
   * Returns the root element of the AWS response. Throws a DomainError if AWS or the network fails. After the deadline,
   * this is the error of the last attempt.
   */
  async send(command: Command, send: Send): Promise<XmlElement> {
    const { action, clock, tracer } = this.#request;
    const startedAt = clock.now();
    const span = tracer?.startClientSpan(...spanOf(this.#request));
    let outcome = 'ok';
    try {
      return await this.#sendTwice(command, send);
    } catch (failure) {
      outcome = failure instanceof DomainError ? failure.code : 'internal_error';
      throw failure;
    } finally {
      this.#ledger.recordCall(action, outcome, clock.now() - startedAt);
      span?.end(() => this.#describeSpan(outcome));
    }
  }

  #describeSpan(outcome: string): SpanEnd {
    const failed = outcome !== 'ok';
    return {
      attributes: {
        'aws.request_id': failed ? undefined : this.#trace.requestIds.at(-1),
        'server.address': this.#host === unknownHost ? undefined : this.#host,
        'error.type': failed ? outcome : undefined,
        'elb_inventory.attempts': this.#attempts,
      },
      failed,
    };
  }

  /** Sends the command again if AWS rejected credentials that have changed in the meantime. */
  async #sendTwice(command: Command, send: Send): Promise<XmlElement> {
    const { middlewareStack } = command;
    middlewareStack.add((next) => (args) => this.#attempt(() => next(args)), {
      step: 'finalizeRequest',
      name: 'callBudget',
      priority: 'low',
    });
    middlewareStack.add((next) => (args) => this.#read(hostOf(args), () => next(args)), {
      step: 'deserialize',
      name: 'responseReader',
      priority: 'low',
    });
    const { credentials } = this.#request;
    const { version } = credentials;
    try {
      return await this.#sendOnce(send);
    } catch (failure) {
      const isStale = failure instanceof DomainError && haveStaleCredentials(failure.cause);
      const { deadline } = this.#trace;
      const haveChanged = () => unlessAborted(deadline, () => credentials.haveChangedSince(version));
      if (!isStale || !(await haveChanged().catch(() => false))) throw failure;
      return this.#sendOnce(send);
    }
  }

  async #sendOnce(send: Send): Promise<XmlElement> {
    const { budget } = this.#request;
    try {
      const { $metadata } = await unlessAborted(this.#trace.deadline, (abortSignal) => send({ abortSignal }));
      budget.resume(this.#sentAt);
      if ($metadata.requestId !== undefined) this.#trace.requestIds.push($metadata.requestId);
      if (this.#answer === undefined) throw new InvalidResponse('foreign', 200, 'no response');
      return this.#answer;
    } catch (caught) {
      throw this.#failure(caught);
    }
  }

  async #attempt<T>(next: () => Promise<T>): Promise<T> {
    const { budget, urgency = 'ordinary', changes = false } = this.#request;
    const trace = this.#trace;
    this.#attempts += 1;
    if (trace.probe === true && this.#lastError instanceof Error) throw this.#lastError;
    // If the deadline expires while the attempt waits for the budget, report the budget as the reason.
    this.#lastError ??= budget.exhausted();
    await budget.take(trace, { urgency, repeated: this.#attempts > 1 });
    trace.sent?.();
    this.#isInFlight = true;
    this.#sentAt = this.#request.clock.now();
    trace.time.calls += 1;
    try {
      const result = await trace.time.during(next());
      this.#record({ outcome: 'ok', answered: true, working: true });
      return result;
    } catch (error) {
      this.#lastError = error;
      const failure = toDomainError(error, this.#request);
      if (changes && isUnclear(failure)) this.#lost ??= error;
      const throttled = isThrottling(error);
      this.#record({
        outcome: throttled ? 'throttled' : 'failed',
        answered: !(error instanceof NetworkFailure) && !(error instanceof InvalidResponse && !throttled),
        working: isRefusal(failure),
        error: nameOf(error),
        message: failure instanceof DomainError ? failure.problem : 'internal error; see the log',
      });
      if (throttled) budget.pause(failure as DomainError);
      throw error;
    } finally {
      this.#isInFlight = false;
    }
  }

  #record(attempt: Omit<Attempt, 'ms'>): void {
    this.#ledger.record(this.#request.action, {
      ...attempt,
      ms: this.#request.clock.now() - this.#sentAt,
    });
  }

  /** Sends the request and reads the response. Converts errors to NetworkFailure, except for bugs in this program. */
  async #read<T>(host: string, next: () => Promise<T>): Promise<T> {
    const { action, result, keep, changes = false } = this.#request;
    const root = `${action.slice(action.indexOf(':') + 1)}Response`;
    this.#host = host;
    try {
      const output = await next();
      const { response } = output as { response: HttpResponse };
      this.#answer = await readResponse(response, { root, result, keep, retryable: !changes });
      return output;
    } catch (error) {
      const isOurs =
        error instanceof InvalidResponse || error instanceof TypeError || !(error instanceof Error);
      throw isOurs ? error : new NetworkFailure(error, host);
    }
  }

  #failure(caught: unknown): unknown {
    const { deadline } = this.#trace;
    // The SDK loads the credentials before the first attempt.
    const overdue = this.#attempts === 0 && isAbort(caught) ? this.#request.credentials.overdue : undefined;
    if (overdue !== undefined) return toDomainError(overdue, this.#request);
    const isLate = deadline.aborted && !this.#isInFlight && this.#lastError !== undefined;
    const error = isLate
      ? this.#lastError
      : isAbort(caught)
        ? new NetworkFailure(caught, this.#host)
        : caught;
    const final = toDomainError(error, this.#request);
    const failure =
      this.#lost === undefined || isRefusal(final) ? final : toDomainError(this.#lost, this.#request);
    const outage = failure instanceof DomainError && failure.code === 'aws_unreachable';
    if (outage && this.#request.changes !== true) this.#request.budget.pause(failure);
    return failure;
  }
}

/**
 * Returns the name and the attributes of the span for the call:
 * https://opentelemetry.io/docs/specs/semconv/cloud-providers/aws-sdk/
 */
function spanOf({ action, region, elbName }: AwsRequest): Parameters<Tracer['startClientSpan']> {
  const [service = '', operation = ''] = action.split(':');
  const method = `${serviceIds[service] ?? service}/${operation}`;
  return [
    method,
    {
      'rpc.system.name': 'aws-api',
      'rpc.method': method,
      'cloud.region': region,
      ...(elbName !== undefined && { 'elb_inventory.load_balancer': elbName }),
    },
  ];
}

function isAbort(error: unknown): error is Error {
  return error instanceof Error && error.name === 'AbortError';
}

function hostOf(args: { readonly request: { readonly hostname: string } }): string {
  return args.request.hostname;
}

/**
 * Returns the error code from AWS or from the operating system. The message is not used, because it can contain details
 * that callers must not see.
 */
function nameOf(error: unknown): string {
  const { name = 'Error', code } = error as { name?: string; code?: string };
  return code ?? name;
}

/** Returns true if AWS processed the request and rejected its content. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof DomainError && (error.code === 'instance_refused' || error.code === 'elb_not_found')
  );
}

/**
 * Rejects when the signal aborts. This is required because the SDK ignores the signal during some of its waits between
 * attempts.
 */
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
