import { DomainError } from '../errors.ts';

/** The AWS credentials cannot be loaded, so the request was not sent to AWS. */
export class CredentialsFailure extends Error {
  override readonly name = 'CredentialsFailure';
  /** The configured source that failed and the reason, without secrets. Undefined if no source is configured. */
  readonly problem: string | undefined;

  /** `message` includes the output of the source, for the log. */
  constructor(problem: string | undefined, message: string, cause?: unknown) {
    super(message, { cause });
    this.problem = problem;
  }

  toDomainError(action: string): DomainError {
    const why = this.problem === undefined ? '' : `: ${this.problem}`;
    return new DomainError('no_aws_credentials', `this service has no AWS credentials for ${action}${why}`, {
      advice: "see the service's log for the reason; no request was sent to AWS",
      cause: this,
    });
  }
}
