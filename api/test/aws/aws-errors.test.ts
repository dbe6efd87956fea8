import assert from 'node:assert/strict';
import { type AwsRequestInfo, isThrottling, toDomainError } from '../../aws/aws-errors.ts';
import { CredentialsFailure } from '../../aws/credentials-failure.ts';
import { DomainError, type ErrorCode } from '../../errors.ts';

const request: AwsRequestInfo = {
  action: 'elasticloadbalancing:RegisterInstancesWithLoadBalancer',
  region: 'eu-west-3',
  elbName: 'shop',
};

/** An error as the SDK throws it: named after AWS's code, with the answer's status. */
function awsError(name: string, status: number, message = 'Said by AWS.'): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status, requestId: 'r-1' } });
}

function translated(error: unknown): DomainError {
  const translation = toDomainError(error, request);
  assert.ok(translation instanceof DomainError, String(translation));
  return translation;
}

describe('toDomainError', () => {
  const rows: [ErrorCode, status: number, names: string[], says: RegExp[]][] = [
    [
      'aws_throttled',
      400,
      [
        ...['Throttling', 'ThrottlingException', 'DependencyThrottle', 'DependencyThrottleException'],
        ...['ThrottledException', 'EC2ThrottledException', 'PriorRequestNotComplete', 'RequestThrottled'],
      ],
      [/^AWS is asked too often/, /nothing was changed, so try again in a second$/],
    ],
    ['aws_throttled', 503, ['RequestLimitExceeded', 'SlowDown'], [/^AWS is asked too often/]],
    ['aws_throttled', 429, ['Anything'], [/^AWS is asked too often/]],
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
      [/^AWS refused this service's credentials .*HTTP 403/, /check its AWS credentials and its clock/],
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
  for (const [code, status, names, says] of rows)
    for (const name of names)
      it(`makes ${code} of ${name}, and names it and the action`, () => {
        const cause = awsError(name, status);
        const error = translated(cause);
        assert.equal(error.code, code);
        assert.equal(error.cause, cause);
        for (const part of [...says, request.action]) assert.match(error.message, new RegExp(part));
        assert.ok(error.message.includes(`(${name}`), error.message);
        assert.ok(!error.message.includes('Said by AWS'), 'the words of AWS may name accounts and users');
        assert.equal(error.details.retryAfterSeconds, code === 'aws_throttled' ? 1 : undefined);
      });

  for (const name of ['AccessPointNotFoundException', 'LoadBalancerNotFound'])
    it(`makes elb_not_found of ${name}, and names the load balancer and the region`, () => {
      const cause = awsError(name, 400, "There is no ACTIVE Load Balancer named 'shop'");
      const error = translated(cause);
      assert.equal(error.code, 'elb_not_found');
      assert.equal(error.cause, cause);
      assert.match(error.message, /^the elb does not exist: .*"shop" in eu-west-3;/);
    });

  for (const name of [
    'InvalidEndPointException',
    'InvalidInstance',
    'InvalidInstanceID.NotFound',
    'InvalidInstanceID.Malformed',
  ])
    it(`makes instance_refused of ${name}, with AWS's reason`, () => {
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

  it('makes no_aws_credentials of a failure to read them, without what the source wrote', () => {
    const error = translated(new CredentialsFailure('the profile "x" failed', 'Traceback: token=secret'));
    assert.equal(error.code, 'no_aws_credentials');
    assert.match(error.message, /has no AWS credentials for \S+: the profile "x" failed; AWS was not asked/);
    assert.doesNotMatch(error.message, /Traceback/);
  });

  it('names no code that is not a plain word', () => {
    const error = translated(awsError('<script>\n', 400));
    assert.match(error.message, /\(an unreadable code on/);
  });

  it('leaves faults of this program as they are', () => {
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
  it('tells the throttling of AWS from all else', () => {
    assert.equal(isThrottling(awsError('RequestLimitExceeded', 503)), true);
    assert.equal(isThrottling(awsError('DependencyThrottleException', 400)), true);
    assert.equal(isThrottling(awsError('ServiceUnavailable', 503)), false);
    assert.equal(isThrottling(awsError('FilterLimitExceeded', 400)), false);
    assert.equal(isThrottling({ name: 'Throttling' }), false);
    assert.equal(isThrottling(undefined), false);
  });
});
