import { DomainError } from '../errors.ts';

/** No credentials could be read, whatever the SDK threw. AWS was not asked for anything with them. */
export class CredentialsFailure extends Error {
  override readonly name = 'CredentialsFailure';
  /** The source that is set and failed, as callers may read it; undefined where no source is set. */
  readonly problem: string | undefined;

  /** The message has what the source said, for the log and the operator. */
  constructor(problem: string | undefined, message: string, cause?: unknown) {
    super(message, { cause });
    this.problem = problem;
  }

  /** Returns what the caller reads about it. */
  toDomainError(action: string): DomainError {
    const why = this.problem === undefined ? '' : `: ${this.problem}`;
    return new DomainError('no_aws_credentials', `this service has no AWS credentials for ${action}${why}`, {
      advice: "AWS was not asked, and the service's log has the reason",
      cause: this,
    });
  }
}
