import { AwsError, type Service } from './protocol/aws-error.ts';
import { ThrottlingError } from './rate-limits.ts';

export interface Fault {
  actions?: string[];
  service?: Service;
  /** The number of calls to which the fault applies. */
  count?: number;
  /**
   * Additional latency, half of which passes before the call takes effect. The latencies of several faults are added.
   */
  latencyMs?: number;
  /**
   * Additional latency of the response only, so that responses can arrive out of order. The latencies of several faults
   * are added.
   */
  answerLatencyMs?: number;
  /** Responds with the throttling error of the service, or with this code. */
  throttle?: true | string;
  /** Responds with this status (500 to 599). */
  status?: number;
  /** Resets the connection before the call takes effect. */
  reset?: true;
  /** Resets the connection after the call takes effect. */
  resetAfter?: true;
  /** Never responds. */
  silent?: true;
  /** Truncates the response after the call takes effect. */
  cut?: Cut;
  /** Replaces the response. */
  replace?: Replacement;
  /** Rejects the credentials or permissions with the matching error of the service, or with this code. */
  refuse?: true | string;
}

/** Where and how a response is truncated. It has no Content-Length, as behind an HTTP/1.0 proxy. */
export interface Cut {
  /** The number of bytes to send. If it is less than 1, the fraction of the body to send. */
  at: number;
  /**
   * `close` (the default) closes the connection, `reset` resets it, and `stall` keeps it open without sending more
   * data.
   */
  by?: 'close' | 'reset' | 'stall';
  /** Text to send instead of the rest of the body. */
  then?: string;
}

/** A response that replaces the response from AWS. */
export interface Replacement {
  /** The status; 200 by default. */
  status?: number;
  /** The content type; text/html by default. */
  contentType?: string;
  /** The body; empty by default. */
  body?: string;
  /** Whether the call takes effect. By default, it does not. */
  made?: true;
}

/** The effect of the faults on one call. */
export interface Effect {
  readonly latencyMs: number;
  readonly answerLatencyMs: number;
  readonly outcome?: 'reset' | 'resetAfter' | 'silent' | AwsError | Replacement;
  readonly cut?: Cut;
}

/** The AWS messages for rejected credentials (ELB and EC2 API references, common errors). */
const REFUSALS: Readonly<Record<string, string>> = {
  AccessDenied: 'User: arn:aws:iam::123456789012:user/sample is not authorized to perform',
  UnauthorizedOperation: 'You are not authorized to perform this operation.',
  ExpiredToken: 'The security token included in the request is expired',
  ExpiredTokenException: 'The security token included in the request is expired',
  RequestExpired: 'Request has expired.',
  InvalidClientTokenId: 'The security token included in the request is invalid.',
  SignatureDoesNotMatch:
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
  AuthFailure: 'AWS was not able to validate the provided access credentials',
};

/** The list of faults, which can change while the server runs. */
export class Faults {
  #faults: Fault[] = [];

  /** Returns the active faults with their remaining counts. */
  list(): readonly Fault[] {
    return structuredClone(this.#faults);
  }

  set(faults: readonly Fault[]): void {
    this.#faults = structuredClone([...faults]);
  }

  /** Removes all faults. Calls in progress are not affected. */
  clear(): void {
    this.#faults = [];
  }

  /**
   * Returns the effect on a call, which consists of the sum of the latencies and the first other fault. Decrements the
   * counts.
   */
  effectOn(service: Service, action: string): Effect {
    let effect: Effect = { latencyMs: 0, answerLatencyMs: 0 };
    for (const fault of this.#faults.filter((candidate) => applies(candidate, service, action))) {
      const outcome = outcomeOf(fault, service, action);
      const decides = outcome !== undefined || fault.cut !== undefined;
      if (decides && (effect.outcome ?? effect.cut) !== undefined) continue;
      effect = {
        ...effect,
        latencyMs: effect.latencyMs + (fault.latencyMs ?? 0),
        answerLatencyMs: effect.answerLatencyMs + (fault.answerLatencyMs ?? 0),
        ...(outcome !== undefined && { outcome }),
        ...(fault.cut !== undefined && { cut: fault.cut }),
      };
      if (fault.count !== undefined) fault.count -= 1;
    }
    this.#faults = this.#faults.filter((fault) => fault.count !== 0);
    return effect;
  }
}

function applies(fault: Fault, service: Service, action: string): boolean {
  return (fault.service ?? service) === service && (fault.actions?.includes(action) ?? true);
}

function outcomeOf(fault: Fault, service: Service, action: string): Effect['outcome'] {
  if (fault.reset) return 'reset';
  if (fault.resetAfter) return 'resetAfter';
  if (fault.silent) return 'silent';
  if (fault.replace) return fault.replace;
  if (fault.throttle !== undefined)
    return new ThrottlingError(service, fault.throttle === true ? undefined : fault.throttle);
  if (fault.refuse !== undefined) return refusal(service, action, fault.refuse);
  if (fault.status !== undefined) return failure(service, fault.status);
  return undefined;
}

function refusal(service: Service, action: string, wanted: true | string): AwsError {
  const code = wanted === true ? (service === 'elb' ? 'AccessDenied' : 'UnauthorizedOperation') : wanted;
  const message = REFUSALS[code] ?? 'The request was refused.';
  return new AwsError(code, code === 'AccessDenied' ? `${message}: elasticloadbalancing:${action}` : message);
}

function failure(service: Service, status: number): AwsError {
  if (status !== 500)
    return new AwsError('ServiceUnavailable', 'Service is unable to handle request.', status);
  const code = service === 'elb' ? 'InternalFailure' : 'InternalError';
  return new AwsError(code, 'We encountered an internal error. Please try again.', status);
}
