import { DomainError, elbNotFound, withoutFullStop } from '../errors.ts';
import { InvalidResponse } from './invalid-response.ts';
import { CredentialsFailure } from './credentials-failure.ts';
import { NetworkFailure } from './network-failure.ts';

/** The request that failed. */
export interface AwsRequestInfo {
  /** As IAM writes it: `elasticloadbalancing:DescribeLoadBalancers`. */
  readonly action: string;
  readonly region: string;
  readonly elbName?: string;
}

/** An error that AWS answered with, as the SDK v3 throws it (`ServiceException` of @smithy/core). */
interface AwsError extends Error {
  readonly $metadata: { readonly httpStatusCode: number; readonly requestId?: string };
}

/**
 * Codes for "too often": those of @smithy/core (service-error-classification), which the SDK repeats, and ELB's
 * DependencyThrottle, which it does not. The account's other limits (FilterLimitExceeded) are not among them.
 */
const throttling =
  /Throttl|^(SlowDown|TooManyRequestsException|RequestLimitExceeded|BandwidthLimitExceeded|PriorRequestNotComplete)$/;

const missingPermission = new Set(['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation']);

const badCredentials = new Set([
  'AuthFailure',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationToken',
  'OptInRequired',
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);

const unknownElb = new Set(['AccessPointNotFoundException', 'LoadBalancerNotFound']);

const refusedInstance = new Set([
  'InvalidEndPointException',
  'InvalidInstance',
  'InvalidInstanceID.NotFound',
  'InvalidInstanceID.Malformed',
]);

/** Codes after which other credentials can be accepted: the key or the token has expired or was deleted. */
const stale =
  /^(AuthFailure|ExpiredToken|ExpiredTokenException|InvalidAccessKeyId|InvalidClientTokenId|UnrecognizedClientException)$/;

/** Returns whether AWS refused the credentials so that it can accept renewed ones. */
export function haveStaleCredentials(error: unknown): boolean {
  return isAnswered(error) && stale.test(error.name);
}

/** Returns whether the answer says "too often": by its code, or by HTTP 429, even where something before AWS sent it. */
export function isThrottling(error: unknown): boolean {
  return isAnswered(error) && (error.$metadata.httpStatusCode === 429 || throttling.test(error.name));
}

/**
 * Returns the DomainError with what the caller can do about an error of AWS, of the credentials or of the network, with
 * that error as its cause. Any other error is a fault of this program and is returned as it is.
 */
export function toDomainError(error: unknown, request: AwsRequestInfo): unknown {
  if (error instanceof NetworkFailure) return error.toDomainError(request.action);
  if (error instanceof CredentialsFailure) return error.toDomainError(request.action);
  if (isThrottling(error)) return throttled(error as AwsError, request);
  if (error instanceof InvalidResponse) return unusable(error, request);
  return isAnswered(error) ? refused(error, request) : error;
}

function throttled(error: AwsError, { action }: AwsRequestInfo): DomainError {
  const code = error instanceof InvalidResponse ? `HTTP ${error.status}` : codeOf(error);
  return new DomainError('aws_throttled', `AWS is asked too often (${code} on ${action})`, {
    advice: 'nothing was changed, so try again in a second',
    retryAfterSeconds: 1,
    cause: error,
    awsRequestId: error.$metadata.requestId,
  });
}

function unusable(fault: InvalidResponse, { action }: AwsRequestInfo): DomainError {
  const { kind, status, what } = fault;
  if (kind === 'cut')
    return new DomainError(
      'aws_failed',
      `the answer of AWS to ${action} is incomplete: ${what} (HTTP ${status})`,
      {
        advice: 'try again in a few seconds',
        cause: fault,
      },
    );
  return new DomainError(
    'aws_failed',
    `something other than AWS answered ${action} (HTTP ${status}, ${what})`,
    {
      advice:
        status === 407
          ? 'check the user and the password in HTTPS_PROXY'
          : 'check AWS_ENDPOINT_URL and any proxy on the way',
      cause: fault,
    },
  );
}

/** The error of a request that AWS answered with a code. */
function refused(error: AwsError, request: AwsRequestInfo): DomainError {
  const { action, region } = request;
  const { httpStatusCode: status, requestId: awsRequestId } = error.$metadata;
  const details = { cause: error, awsRequestId };
  if (unknownElb.has(error.name)) return elbNotFound(request.elbName ?? '', region, error);
  if (refusedInstance.has(error.name)) {
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
  const said = `${codeOf(error)} on ${action}, HTTP ${status}`;
  if (status >= 500)
    return new DomainError('aws_failed', `AWS failed (${said})`, {
      ...details,
      advice: 'try again in a few seconds',
    });
  const [problem, advice] = missingPermission.has(error.name)
    ? ['AWS refused the request', `the IAM policy of this service's credentials must allow ${action}`]
    : badCredentials.has(error.name)
      ? [
          "AWS refused this service's credentials",
          `check its AWS credentials and its clock, and that they are allowed ${action}`,
        ]
      : ['AWS refused the request', "the service's log has AWS's reason"];
  return new DomainError('aws_refused', `${problem} (${said})`, { ...details, advice });
}

/** AWS's code, which comes from the network, as far as it is sane enough for a sentence. */
function codeOf({ name }: Error): string {
  return /^[\w.:-]{1,80}$/.test(name) ? name : 'an unreadable code';
}

function isAnswered(error: unknown): error is AwsError {
  return (
    error instanceof Error &&
    '$metadata' in error &&
    typeof (error.$metadata as Partial<AwsError['$metadata']>).httpStatusCode === 'number'
  );
}

/** The instances that AWS names in a sentence: `EC2 instance i-… is not in running state.` */
function instanceIdsIn(sentence: string): string[] {
  return sentence.match(/\bi-(?:[0-9a-f]{17}|[0-9a-f]{8})\b/g) ?? [];
}
