import { elbNotFound } from '../load-balancers/failures.ts';
import { DomainError, withoutFullStop } from '../errors.ts';
import { InvalidResponse } from './invalid-response.ts';
import { CredentialsFailure } from './credentials-failure.ts';
import { NetworkFailure } from './network-failure.ts';

export interface AwsRequestInfo {
  /** The IAM action, such as `elasticloadbalancing:DescribeLoadBalancers`. */
  readonly action: string;
  readonly region: string;
  readonly elbName?: string;
}

/** An error response from AWS, in the form that SDK v3 throws (`ServiceException` of @smithy/core). */
interface AwsError extends Error {
  readonly $metadata: { readonly httpStatusCode: number; readonly requestId?: string };
}

/**
 * Throttling codes: the codes that the SDK retries (service-error-classification in @smithy/core), and
 * DependencyThrottle from Elastic Load Balancing, which the SDK does not retry. Other limits, such as
 * FilterLimitExceeded, are not throttling.
 */
const throttling =
  /Throttl|^(SlowDown|TooManyRequestsException|RequestLimitExceeded|BandwidthLimitExceeded|PriorRequestNotComplete)$/;

const missingPermission = /^(AccessDenied(Exception)?|UnauthorizedOperation)$/;

const badCredentials =
  /^(AuthFailure|ExpiredToken(Exception)?|IncompleteSignature|Invalid(AccessKeyId|ClientTokenId|SignatureException)|MissingAuthenticationToken|OptInRequired|Request(Expired|InTheFuture|TimeTooSkewed)|SignatureDoesNotMatch|UnrecognizedClientException)$/;

const unknownElb = /^(AccessPointNotFoundException|LoadBalancerNotFound)$/;

const refusedInstance =
  /^(InvalidEndPointException|InvalidInstance|InvalidInstanceID\.(NotFound|Malformed))$/;

/** Codes for a key or token that has expired or was deleted. */
const stale =
  /^(AuthFailure|ExpiredToken|ExpiredTokenException|InvalidAccessKeyId|InvalidClientTokenId|UnrecognizedClientException)$/;

/** Returns true if AWS rejected the credentials for a reason that renewed credentials can fix. */
export function haveStaleCredentials(error: unknown): boolean {
  return isAnswered(error) && stale.test(error.name);
}

/**
 * Returns true if the error is a throttling error: it has a throttling code or HTTP status 429, even if a proxy sent
 * it.
 */
export function isThrottling(error: unknown): boolean {
  return isAnswered(error) && (error.$metadata.httpStatusCode === 429 || throttling.test(error.name));
}

/**
 * Converts an error from AWS, the credentials or the network to a DomainError with the error as its cause. Returns any
 * other error unchanged, because it indicates a bug in this program.
 */
export function toDomainError(error: unknown, request: AwsRequestInfo): unknown {
  if (error instanceof NetworkFailure) return error.toDomainError(request.action);
  if (error instanceof CredentialsFailure) return error.toDomainError(request.action);
  if (isThrottling(error)) return throttled(error as AwsError, request);
  if (error instanceof InvalidResponse) return invalid(error, request);
  return isAnswered(error) ? refused(error, request) : error;
}

function throttled(error: AwsError, { action }: AwsRequestInfo): DomainError {
  const code = error instanceof InvalidResponse ? `HTTP ${error.status}` : codeOf(error);
  return new DomainError('aws_throttled', `AWS throttled the request (${code} on ${action})`, {
    advice: 'nothing was changed, so try again in a second',
    retryAfterSeconds: 1,
    cause: error,
    awsRequestId: error.$metadata.requestId,
  });
}

function invalid(fault: InvalidResponse, { action }: AwsRequestInfo): DomainError {
  const { kind, status, detail } = fault;
  if (kind === 'truncated')
    return new DomainError(
      'aws_failed',
      `the response from AWS to ${action} is incomplete: ${detail} (HTTP ${status})`,
      {
        advice: 'try again in a few seconds',
        cause: fault,
      },
    );
  return new DomainError(
    'aws_failed',
    `the response to ${action} did not come from AWS (HTTP ${status}, ${detail})`,
    {
      advice:
        status === 407
          ? 'check the user and the password in HTTPS_PROXY'
          : 'check AWS_ENDPOINT_URL and any proxy',
      cause: fault,
    },
  );
}

/** Returns the error for an error response from AWS. */
function refused(error: AwsError, request: AwsRequestInfo): DomainError {
  const { action, region } = request;
  const { httpStatusCode: status, requestId: awsRequestId } = error.$metadata;
  const details = { cause: error, awsRequestId };
  if (unknownElb.test(error.name)) return elbNotFound(request.elbName ?? '', region, details);
  if (refusedInstance.test(error.name)) {
    return new DomainError(
      'instance_refused',
      `AWS refused the instance: ${withoutFullStop(error.message)}`,
      {
        ...details,
        advice: 'check its id, its VPC and its state',
        refusedInstances: instanceIdsIn(error.message),
      },
    );
  }
  const summary = `${codeOf(error)} on ${action}, HTTP ${status}`;
  if (status >= 500)
    return new DomainError('aws_failed', `AWS failed (${summary})`, {
      ...details,
      advice: 'try again in a few seconds',
    });
  const [problem, advice] = missingPermission.test(error.name)
    ? ['AWS refused the request', `the IAM policy of this service's credentials must allow ${action}`]
    : badCredentials.test(error.name)
      ? [
          "AWS refused this service's credentials",
          `check the credentials, their permission for ${action} and the clock of the host`,
        ]
      : ['AWS refused the request', "see the service's log for the reason"];
  return new DomainError('aws_refused', `${problem} (${summary})`, { ...details, advice });
}

/** Returns the error code if it contains only safe characters, because it comes from the network. */
function codeOf({ name }: Error): string {
  return /^[\w.:-]{1,80}$/.test(name) ? name : 'an invalid error code';
}

function isAnswered(error: unknown): error is AwsError {
  return (
    error instanceof Error &&
    '$metadata' in error &&
    typeof (error.$metadata as Partial<AwsError['$metadata']>).httpStatusCode === 'number'
  );
}

/** Returns the instance ids in a message such as `EC2 instance i-… is not in running state.` */
function instanceIdsIn(sentence: string): string[] {
  return sentence.match(/\bi-(?:[0-9a-f]{17}|[0-9a-f]{8})\b/g) ?? [];
}
