/**
 * Every way in which an operation can fail; `http/error-status.ts` gives each its HTTP status, and `contract.ts` the
 * operations that answer it. Clients match them (header `Error-Code`), so a code never changes its meaning.
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
  | 'instance_already_attached'
  | 'instance_not_attached'
  | 'instance_refused'
  | 'internal_error'
  | 'last_in_service'
  | 'malformed_request'
  | 'method_not_allowed'
  | 'no_aws_credentials'
  | 'not_tried'
  | 'payload_too_large'
  | 'precondition_failed'
  | 'route_not_found'
  | 'unauthenticated'
  | 'unsupported_encoding'
  | 'wrong_condition'
  | 'wrong_data_format'
  | 'wrong_parameter';

export interface DomainErrorDetails {
  /** What the caller should do next; it follows the problem after a semicolon. */
  readonly advice?: string;
  /** What was thrown underneath: for the log, never for the caller. */
  readonly cause?: unknown;
  /** AWS's id of the request that failed, for the log. */
  readonly awsRequestId?: string | undefined;
  /** The instances that AWS names in its refusal, for `instance_refused`. */
  readonly refusedInstances?: readonly string[];
  /** Seconds after which another try makes sense. */
  readonly retryAfterSeconds?: number;
  /** The form of the credentials that were refused, for the log. */
  readonly authFailure?: string;
  /** Whether the request did not reach AWS at all, so that it certainly changed nothing. */
  readonly unsent?: boolean;
  /** The methods that the path does know, for `method_not_allowed`. */
  readonly allow?: readonly string[];
}

/** A failure whose message is meant for the caller: one sentence, the problem and then the advice. */
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

  /** The same failure with other advice, for a caller who knows more of what was under way. */
  withAdvice(advice: string): DomainError {
    return new DomainError(this.code, this.problem, { ...this.details, advice });
  }
}

/** Returns whether a failed change may have been made all the same. */
export function isUnclear(error: unknown): boolean {
  return (
    error instanceof DomainError &&
    (error.code === 'aws_unreachable' || error.code === 'aws_failed') &&
    error.details.unsent !== true
  );
}

/** The process cannot start as it is configured; `faults` has one sentence for each thing to mend. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(
      faults.length === 1
        ? faults[0]
        : `The configuration has ${faults.length} faults:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    );
    this.faults = faults;
  }
}

/** Returns the error for an instance of which EC2 says nothing, not even that it does not know it. */
export function notDescribed(instanceId: string): DomainError {
  return new DomainError('instance_refused', `AWS refused the instance: EC2 describes no ${instanceId}`, {
    advice: 'check its id and region',
  });
}

/** Returns the error for a name that no load balancer of the region has. */
export function elbNotFound(elbName: string, region: string, cause?: unknown): DomainError {
  return new DomainError(
    'elb_not_found',
    `the elb does not exist: no classic load balancer is named "${elbName}" in ${region}`,
    { advice: 'check its spelling and region', cause },
  );
}

/** Returns a sentence of AWS without its full stop, as a part of a longer one. */
export function withoutFullStop(sentence: string): string {
  return sentence.replace(/\.\s*$/, '');
}
