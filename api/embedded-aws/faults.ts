import { AwsError, type Service } from './protocol/aws-error.ts';
import { ThrottlingError } from './rate-limits.ts';

/** Something that goes wrong with calls, as long as it is in the list of faults. */
export interface Fault {
  /** Only calls of these actions; of all without it. */
  actions?: string[];
  /** Only calls of this service; of both without it. */
  service?: Service;
  /** Only the next so many calls; all without it. */
  count?: number;
  /** Milliseconds that the call takes longer, half of them before it takes effect; adds up over faults. */
  latencyMs?: number;
  /** Milliseconds that the answer alone is late, so that answers can arrive in another order than the calls; adds up. */
  answerLatencyMs?: number;
  /** Answered as over the rate: in the service's own way, or with this code. */
  throttle?: true | string;
  /** Answered with this status, 500 to 599. */
  status?: number;
  /** The connection is reset before anything is done. */
  reset?: true;
  /** What was asked is done, then the connection is reset: the client cannot know. */
  resetAfter?: true;
  /** The request is accepted and never answered. */
  silent?: true;
  /** The call is made, and the connection ends within its answer. */
  cut?: Cut;
  /** Something other than AWS answers. */
  replace?: Replacement;
  /** Credentials or permissions are refused: in the service's own way, or with this code. */
  refuse?: true | string;
}

/** Where an answer ends, and how; it has no Content-Length then, as behind an HTTP/1.0 proxy. */
export interface Cut {
  /** Bytes of the body that are sent; below 1, their fraction. */
  at: number;
  /** The connection is closed in order (the default), reset, or held open without another byte. */
  by?: 'close' | 'reset' | 'stall';
  /** What follows in place of the rest. */
  then?: string;
}

/** An answer in place of AWS's. */
export interface Replacement {
  /** 200 by default. */
  status?: number;
  /** text/html by default. */
  contentType?: string;
  /** Empty by default. */
  body?: string;
  /** The call is made before it is answered so; it is not by default. */
  made?: true;
}

/** What the faults make of one call. */
export interface Effect {
  readonly latencyMs: number;
  readonly answerLatencyMs: number;
  readonly outcome?: 'reset' | 'resetAfter' | 'silent' | AwsError | Replacement;
  readonly cut?: Cut;
}

/** What AWS says with each refusal of credentials (ELB and EC2 API references, common errors). */
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

/** The list of faults, which a test or a person sets while the server runs. */
export class Faults {
  #faults: Fault[] = [];

  /** The faults that are in force, with what is left of their counts. */
  list(): readonly Fault[] {
    return structuredClone(this.#faults);
  }

  /** Puts these in place of all faults. */
  set(faults: readonly Fault[]): void {
    this.#faults = structuredClone([...faults]);
  }

  /** Ends all faults; calls that are held already stay so. */
  clear(): void {
    this.#faults = [];
  }

  /** What becomes of a call: latencies add up, the first other fault decides; each that is used is counted down. */
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
