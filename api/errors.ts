/**
 * The reasons for which an operation can fail. `http/answers/error-status.ts` maps them to HTTP statuses, and
 * `contract.ts` maps them to operations. Clients match these codes (header `Error-Code`), so the meaning of a code must
 * not change.
 */
export type ErrorCode =
  | 'attachment_lost'
  | 'aws_failed'
  | 'aws_refused'
  | 'aws_throttled'
  | 'aws_unreachable'
  | 'closing'
  | 'cross_site_request'
  | 'elb_not_found'
  | 'https_required'
  | 'instance_already_attached'
  | 'instance_not_attached'
  | 'instance_refused'
  | 'internal_error'
  | 'last_in_service'
  | 'malformed_request'
  | 'method_not_allowed'
  | 'no_aws_credentials'
  | 'not_tried'
  | 'overloaded'
  | 'payload_too_large'
  | 'precondition_failed'
  | 'route_not_found'
  | 'too_many_attempts'
  | 'unauthenticated'
  | 'unsupported_encoding'
  | 'wrong_condition'
  | 'wrong_data_format'
  | 'wrong_parameter';

export interface DomainErrorDetails {
  /** What the caller should do. It follows the problem and a semicolon in the message. */
  readonly advice?: string;
  /** The original error; logged, but not sent to the caller. */
  readonly cause?: unknown;
  /** The id of the failed AWS request, for the log. */
  readonly awsRequestId?: string | undefined;
  /** The instances that AWS rejected, for `instance_refused`. */
  readonly refusedInstances?: readonly string[];
  readonly retryAfterSeconds?: number;
  /** The kind of authentication failure, for the log. */
  readonly authFailure?: string;
  /**
   * Whether the log line of an earlier request from the client already describes this failure, for `too_many_attempts`.
   */
  readonly unlogged?: boolean;
  /** Whether the request was not sent to AWS and therefore changed nothing. */
  readonly unsent?: boolean;
  /** The URL to use instead, for `https_required`. */
  readonly location?: string;
  /** The allowed methods of the path, for `method_not_allowed`. */
  readonly allow?: readonly string[];
}

/** A failure whose message is sent to the caller in the form "problem; advice". */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly code: ErrorCode;
  readonly problem: string;
  readonly details: DomainErrorDetails;

  constructor(code: ErrorCode, problem: string, details: DomainErrorDetails = {}) {
    super(details.advice === undefined ? problem : `${problem}; ${details.advice}`, { cause: details.cause });
    this.code = code;
    this.problem = problem;
    this.details = details;
  }

  /** Returns the same failure with different advice. */
  withAdvice(advice: string): DomainError {
    return new DomainError(this.code, this.problem, { ...this.details, advice });
  }
}

/** Returns true if the failed change may have taken effect. */
export function isUnclear(error: unknown): boolean {
  return (
    error instanceof DomainError &&
    (error.code === 'aws_unreachable' || error.code === 'aws_failed') &&
    error.details.unsent !== true
  );
}

/** The configuration is invalid. `faults` contains one sentence per error. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(
      faults.length === 1
        ? faults[0]
        : `The configuration has ${faults.length} errors:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    );
    this.faults = faults;
  }
}

/** Returns a sentence without its period, for use in a longer sentence. */
export function withoutFullStop(sentence: string): string {
  return sentence.replace(/\.\s*$/, '');
}
