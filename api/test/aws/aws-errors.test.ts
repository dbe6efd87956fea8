import assert from 'node:assert/strict';
import { type AwsRequestInfo, isThrottling, toDomainError } from '../../aws/aws-errors.ts';
import { CredentialsFailure } from '../../aws/credentials-failure.ts';
import { DomainError, type ErrorCode } from '../../errors.ts';

const request: AwsRequestInfo = {
  action: 'elasticloadbalancing:RegisterInstancesWithLoadBalancer',
  region: 'eu-west-3',
  elbName: 'shop',
};

/** Returns an error in the form that the SDK throws, with the AWS error code as its name. */
function awsError(name: string, status: number, message = 'Message of AWS.'): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status, requestId: 'r-1' } });
}

function translated(error: unknown): DomainError {
  const translation = toDomainError(error, request);
  assert.ok(translation instanceof DomainError, String(translation));
  return translation;
}

describe('toDomainError', () => {
  const rows: [ErrorCode, status: number, names: string[], expected: RegExp[]][] = [
    [
      'aws_throttled',
      400,
      [
        ...['Throttling', 'ThrottlingException', 'DependencyThrottle', 'DependencyThrottleException'],
        ...['ThrottledException', 'EC2ThrottledException', 'PriorRequestNotComplete', 'RequestThrottled'],
      ],
      [/^AWS throttled the request/, /nothing was changed, so try again in a second$/],
    ],
    ['aws_throttled', 503, ['RequestLimitExceeded', 'SlowDown'], [/^AWS throttled the request/]],
    ['aws_throttled', 429, ['Anything'], [/^AWS throttled the request/]],
    [
      'aws_refused',
      403,
      ['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation'],
      [/^AWS refused the request/, /the IAM policy .* must allow elasticloadbalancing:RegisterInstances/],
    ],
    [
      'aws_refused',
      403,
      [
        ...['ExpiredToken', 'ExpiredTokenException', 'RequestExpired', 'InvalidClientTokenId', 'AuthFailure'],
        ...['SignatureDoesNotMatch', 'UnrecognizedClientException', 'OptInRequired'],
        ...['InvalidSignatureException', 'RequestInTheFuture'],
      ],
      [
        /^AWS refused this service's credentials .*HTTP 403/,
        /check the credentials, .* and the clock of the host/,
      ],
    ],
    [
      'aws_refused',
      400,
      ['ValidationError', 'InvalidParameterValue', 'FilterLimitExceeded', 'NeverHeardOfThis'],
      [/^AWS refused the request .*HTTP 400/],
    ],
    ['aws_failed', 500, ['InternalFailure', 'InternalError'], [/^AWS failed/, /HTTP 500/]],
    ['aws_failed', 503, ['ServiceUnavailable', 'Unavailable'], [/^AWS failed/, /HTTP 503/]],
  ];
  for (const [code, status, names, expected] of rows)
    for (const name of names)
      it(`returns ${code} for ${name} and includes the name and the action`, () => {
        const cause = awsError(name, status);
        const error = translated(cause);
        assert.equal(error.code, code);
        assert.equal(error.cause, cause);
        for (const part of [...expected, request.action]) assert.match(error.message, new RegExp(part));
        assert.ok(error.message.includes(`(${name}`), error.message);
        assert.ok(
          !error.message.includes('Message of AWS'),
          'the message of AWS may contain accounts and users',
        );
        assert.equal(error.details.retryAfterSeconds, code === 'aws_throttled' ? 1 : undefined);
      });

  for (const name of ['AccessPointNotFoundException', 'LoadBalancerNotFound'])
    it(`returns elb_not_found for ${name} with the load balancer and the region`, () => {
      const cause = awsError(name, 400, "There is no ACTIVE Load Balancer named 'shop'");
      const error = translated(cause);
      assert.equal(error.code, 'elb_not_found');
      assert.equal(error.cause, cause);
      assert.match(error.message, /^the elb does not exist: .*"shop" in eu-west-3;/);
      assert.equal(error.details.awsRequestId, 'r-1');
    });

  for (const name of [
    'InvalidEndPointException',
    'InvalidInstance',
    'InvalidInstanceID.NotFound',
    'InvalidInstanceID.Malformed',
  ])
    it(`returns instance_refused for ${name} with AWS's reason`, () => {
      const cause = awsError(name, 400, "The instance ID 'i-0123abcd' does not exist.");
      const error = translated(cause);
      assert.equal(error.code, 'instance_refused');
      assert.equal(error.cause, cause);
      assert.match(
        error.message,
        /^AWS refused the instance: The instance ID 'i-0123abcd' does not exist; check/,
      );
      assert.deepEqual(error.details.refusedInstances, ['i-0123abcd']);
      assert.equal(error.details.awsRequestId, 'r-1');
    });

  it('returns no_aws_credentials for a CredentialsFailure, without the output of the source', () => {
    const error = translated(new CredentialsFailure('the profile "x" failed', 'Traceback: token=secret'));
    assert.equal(error.code, 'no_aws_credentials');
    assert.match(
      error.message,
      /has no AWS credentials for \S+: the profile "x" failed; see .*; no request was sent to AWS/,
    );
    assert.doesNotMatch(error.message, /Traceback/);
  });

  it('omits an error code with unsafe characters', () => {
    const error = translated(awsError('<script>\n', 400));
    assert.match(error.message, /\(an invalid error code on/);
  });

  it('returns errors of this program unchanged', () => {
    for (const error of [
      new TypeError('undefined is not a function'),
      new DomainError('elb_not_found', 'the elb does not exist'),
      'a text',
      undefined,
    ])
      assert.equal(toDomainError(error, request), error);
  });
});

describe('isThrottling', () => {
  it('returns true for throttling errors only', () => {
    assert.equal(isThrottling(awsError('RequestLimitExceeded', 503)), true);
    assert.equal(isThrottling(awsError('DependencyThrottleException', 400)), true);
    assert.equal(isThrottling(awsError('ServiceUnavailable', 503)), false);
    assert.equal(isThrottling(awsError('FilterLimitExceeded', 400)), false);
    assert.equal(isThrottling({ name: 'Throttling' }), false);
    assert.equal(isThrottling(undefined), false);
  });
});
