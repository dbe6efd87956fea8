import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { statements, synthesize, variant, type Block } from './support/synthesized';
import { variants } from './support/variants';

function rights(name: string): Record<string, Block> {
  const list = statements(variant(name).all('aws_iam_role_policy')['credentials/rights']?.['policy']);
  return Object.fromEntries(list.map((statement) => [String(statement['Sid']), statement]));
}

describe('The role of the hosts', () => {
  it('may write traces with METRICS=cloudwatch only', () => {
    assert.equal(rights('default')['WriteTraces'], undefined);
    assert.deepEqual(rights('everything')['WriteTraces']?.['Action'], [
      'xray:PutTraceSegments',
      'xray:PutTelemetryRecords',
    ]);
  });

  for (const name of Object.keys(variants)) {
    it(`has no access keys and no managed policies (${name})`, () => {
      const stack = variant(name);
      for (const type of ['aws_iam_access_key', 'aws_iam_user', 'aws_iam_role_policy_attachment'])
        stack.none(type);
      const role = stack.all('aws_iam_role')['credentials/role'];
      assert.equal(role?.['managed_policy_arns'], undefined);
      const [trust, ...others] = statements(role?.['assume_role_policy']);
      assert.deepEqual([trust?.['Principal'], others], [{ Service: 'ec2.amazonaws.com' }, []]);
    });

    it(`allows * only for actions without resources (${name})`, () => {
      const wide: string[] = [];
      for (const { Effect, Action, NotAction, Resource, NotResource, Condition } of Object.values(
        rights(name),
      )) {
        assert.deepEqual([Effect, NotAction, NotResource], ['Allow', undefined, undefined]);
        for (const action of Action as string[]) {
          assert.match(action, /^[a-z0-9]+:(?!\*)/);
          assert.ok(!action.includes('*'), action);
          if (Resource === '*') wide.push(action + (Condition ? ' (if)' : ''));
        }
      }
      const sessions = wide.filter((action) => /^ssm/.test(action));
      assert.deepEqual(
        wide.filter((action) => !sessions.includes(action)),
        [
          'elasticloadbalancing:DescribeLoadBalancers',
          'elasticloadbalancing:DescribeLoadBalancerAttributes',
          'elasticloadbalancing:DescribeInstanceHealth',
          'ec2:DescribeInstances',
          ...(name === 'everything' ? ['ecr:GetAuthorizationToken'] : []),
          'cloudwatch:PutMetricData (if)',
          ...(name === 'everything' ? ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'] : []),
        ],
      );
      assert.ok(
        sessions.every((action) =>
          /^(ssm:UpdateInstanceInformation|ssmmessages:(Create|Open)(Control|Data)Channel)$/.test(action),
        ),
      );
    });
  }

  it('attaches and detaches only on the managed load balancers', () => {
    const named = (name: string) =>
      (rights(name)['AttachAndDetach']?.['Resource'] as string[]).map((arn) =>
        arn.replace(/.*:loadbalancer\//, ''),
      );
    assert.deepEqual(named('default'), ['default-elb']);
    assert.deepEqual(named('everything'), ['prod-elb', 'default-elb', 'shop-elb']);
    const arn = (rights('default')['AttachAndDetach']?.['Resource'] as string[])[0];
    assert.match(
      String(arn),
      /^arn:aws:elasticloadbalancing:us-east-1:\$\{data\.aws_caller_identity\..*\}:loadbalancer\//,
    );
  });

  it('reads the parameters of the tokens only, and decrypts only these', () => {
    const names = (name: string) =>
      (rights(name)['ReadToken']?.['Resource'] as string[]).map((arn) => arn.replace(/.*:parameter/, ''));
    assert.deepEqual(names('default'), ['/elb-inventory/api-token']);
    assert.deepEqual(names('everything'), ['/prod/inventory/token', '/prod/inventory/metrics-token']);
    assert.deepEqual(rights('default')['ReadToken']?.['Action'], ['ssm:GetParameter']);
    assert.equal(rights('default')['DecryptToken'], undefined);
    const decrypt = rights('everything')['DecryptToken'];
    assert.equal(decrypt?.['Resource'], variants['everything']?.['API_TOKEN_KEY_ARN']);
    const { StringEquals } = decrypt?.['Condition'] as Block;
    assert.deepEqual(StringEquals, {
      'kms:EncryptionContext:PARAMETER_ARN': rights('everything')['ReadToken']?.['Resource'],
      'kms:ViaService': 'ssm.eu-central-1.amazonaws.com',
    });
  });

  it('pulls images only from the repository of ECR_REPOSITORY', () => {
    assert.equal(rights('default')['PullImages'], undefined);
    const { Action, Resource } = rights('everything')['PullImages'] ?? {};
    assert.deepEqual(Action, ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer']);
    assert.match(String(Resource), /:ecr:eu-central-1:.*:repository\/sre\/inventory$/);
  });

  it('writes only to the log group and metrics of this service', () => {
    assert.match(String(rights('default')['WriteLogs']?.['Resource']), /:log-group:\/elb-inventory\/api:\*$/);
    assert.deepEqual(rights('default')['WriteMetrics']?.['Condition'], {
      StringEquals: { 'cloudwatch:namespace': 'elb-inventory' },
    });
  });

  it('completes launches and opens shells only if configured', () => {
    assert.match(
      String(rights('default')['CompleteLaunch']?.['Resource']),
      /^arn:aws:autoscaling:us-east-1:\$\{data\.aws_caller_identity\.\w+\.account_id\}:autoScalingGroup:\*:autoScalingGroupName\/elb-inventory$/,
    );
    assert.ok(rights('default')['SessionManager']);
    assert.equal(rights('single')['CompleteLaunch'], undefined);
    assert.equal(rights('single')['SessionManager'], undefined);
  });
});

it('The policy of the hosts fits into a role with the highest number of managed ELBs', () => {
  const MANAGED_ELBS = Array.from(
    { length: 59 },
    (_, at) => `${'x'.repeat(30)}${(at + 10).toString()}`,
  ).join();
  const policy = String(
    synthesize({
      ...variants['GovCloud'],
      MANAGED_ELBS,
      SERVICE_NAME: 'x'.repeat(24),
      ELB_NAME: 'y'.repeat(32),
    }).the('aws_iam_role_policy')['policy'],
  );
  // An account id has 12 digits; the longest region and ELB names are used.
  assert.ok(policy.replaceAll(/\$\{[^}]*\}/g, '123456789012').length <= 10_240);
});

it('The role of the hosts has the rights of the policy in docs/, and those of its boot, logs and shell', () => {
  const policy = readFileSync(join(__dirname, '../../docs/iam-policy.json'), 'utf8');
  const wanted = statements(policy).flatMap(({ Action }) => Action as string[]);
  const own = [...(rights('single')['Look']?.['Action'] as string[])];
  own.push(...(rights('single')['AttachAndDetach']?.['Action'] as string[]));
  assert.deepEqual(own.sort(), wanted.sort());
});
