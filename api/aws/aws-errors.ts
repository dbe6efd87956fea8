import { DomainError, elbNotFound } from '../errors.ts';

/** What was being asked of AWS when it failed. */
export interface AwsRequestInfo {
  /** As IAM writes it: `elasticloadbalancing:DescribeLoadBalancers`. */
  readonly action: string;
  readonly region: string;
  readonly elbName?: string;
}

/** What the SDK v3 throws, as far as it is read here (`ServiceException` of @smithy/core, and Node's system errors). */
interface SdkError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

const throttling = new Set([
  'Throttling',
  'ThrottlingException',
  'DependencyThrottleException',
  'DependencyThrottle',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'TooManyRequestsException',
]);

const missingPermission = new Set(['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation']);

const badCredentials = new Set([
  'AuthFailure',
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'MissingAuthenticationToken',
  'OptInRequired',
  'RequestExpired',
  'SignatureDoesNotMatch',
  'TokenProviderError',
  'UnrecognizedClientException',
]);

const unknownElb = new Set(['AccessPointNotFoundException', 'LoadBalancerNotFound']);

const refusedInstance = new Set([
  'InvalidEndPointException',
  'InvalidInstance',
  'InvalidInstanceID.NotFound',
  'InvalidInstanceID.Malformed',
]);

/** Returns whether AWS said that it is asked too often. */
export function isThrottling(error: unknown): boolean {
  return isSdkError(error) && throttling.has(error.name);
}

/**
 * Returns the DomainError that tells the caller what to do about an error of the SDK, with that error as its cause;
 * an error that is none of AWS's or the network's is returned as it is.
 */
export function toDomainError(error: unknown, request: AwsRequestInfo): unknown {
  if (!isSdkError(error)) return error;
  const { action, region } = request;
  const cause = error;
  const awsRequestId = error.$metadata?.requestId;
  if (throttling.has(error.name)) {
    return new DomainError('aws_throttled', `AWS is asked too often (${error.name} on ${action})`, {
      advice: 'nothing was changed, so try again in a second',
      retryAfterSeconds: 1,
      cause,
      awsRequestId,
    });
  }
  if (missingPermission.has(error.name)) {
    return new DomainError('aws_refused', `AWS refused the request (${error.name})`, {
      advice: `the IAM policy of this service's credentials must allow ${action}`,
      cause,
      awsRequestId,
    });
  }
  if (badCredentials.has(error.name)) {
    return new DomainError(
      'aws_refused',
      `AWS refused this service's credentials (${error.name} on ${action})`,
      {
        advice: `check its AWS credentials and its clock, and that they are allowed ${action}`,
        cause,
      },
    );
  }
  if (unknownElb.has(error.name)) return elbNotFound(request.elbName ?? '', region, cause);
  if (refusedInstance.has(error.name)) {
    return new DomainError(
      'instance_refused',
      `AWS refused the instance: ${withoutFullStop(error.message)}`,
      {
        advice: 'check its id, its VPC and its state',
        cause,
      },
    );
  }
  const status = error.$metadata?.httpStatusCode;
  if (status !== undefined && status >= 500) {
    return new DomainError('aws_failed', `AWS failed on ${action} (${error.name}, HTTP ${status})`, {
      advice: 'try again in a few seconds',
      cause,
      awsRequestId,
    });
  }
  if (isUnanswered(error)) {
    return new DomainError('aws_unreachable', `AWS did not answer ${action} in time`, {
      advice: 'try again in a few seconds',
      retryAfterSeconds: 2,
      cause,
      awsRequestId,
    });
  }
  return error;
}

/**
 * Timeouts, aborts, Node's system errors (ECONNREFUSED, EAI_AGAIN …) and those of TLS (CERT_HAS_EXPIRED …): no answer
 * of AWS is at hand. Other ERR_ codes tell of a fault on this side.
 */
function isUnanswered({ name, code = '' }: SdkError): boolean {
  return name === 'TimeoutError' || name === 'AbortError' || /^E(?!RR_)[A-Z_]+$|CERT|TLS|SSL/.test(code);
}

function isSdkError(error: unknown): error is SdkError {
  return error instanceof Error;
}

function withoutFullStop(sentence: string): string {
  return sentence.replace(/\.\s*$/, '');
}
