import { IamInstanceProfile } from '@cdktf/provider-aws/lib/iam-instance-profile';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { Config } from '../config/config';
import type { Account } from './account';
import { policyDocument } from './policy-document';

export interface HostRoleProps {
  readonly name: string;
  readonly account: Account;
  readonly managedElbs: readonly string[];
  /**
   * The SecureString parameters that contain API_TOKEN and METRICS_TOKEN, and their KMS key if it is not the default
   * key of SSM.
   */
  readonly token: Config['token'];
  readonly ecrRepository: string | undefined;
  readonly logGroupName: string;
  readonly metricNamespace: string;
  /** The group whose launch lifecycle action a host completes. Undefined without a group. */
  readonly groupName: string | undefined;
  readonly sessionManager: boolean;
  /** Whether the CloudWatch agent sends traces. */
  readonly traces: boolean;
}

interface Statement {
  readonly Sid: string;
  readonly Action: string[];
  readonly Resource: string | string[];
  readonly Condition?: object;
}

/**
 * The role of the hosts. It has only the permissions that the API, its logs and its metrics require. There are no
 * access keys.
 */
export class HostRole extends Construct {
  readonly instanceProfileName: string;
  /** The permissions. A host that boots without them cannot read the token. */
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: HostRoleProps) {
    super(scope, id);
    const role = new IamRole(this, 'role', {
      namePrefix: `${props.name}-`,
      assumeRolePolicy: policyDocument([
        { Action: 'sts:AssumeRole', Principal: { Service: `ec2.${props.account.partition.services}` } },
      ]),
    });
    const rights = new IamRolePolicy(this, 'rights', {
      role: role.id,
      policy: policyDocument(statements(props)),
    });
    const profile = new IamInstanceProfile(this, 'profile', {
      namePrefix: `${props.name}-`,
      role: role.name,
    });
    this.instanceProfileName = profile.name;
    this.ready = [rights];
  }
}

function statements(props: HostRoleProps): Statement[] {
  const { account, token } = props;
  const tokenArns = [token.parameter, token.metricsParameter]
    .filter((name) => name !== undefined)
    .map((name) => account.arn('ssm', `parameter${name}`));
  return [
    {
      // These actions do not support resource-level permissions (service authorization reference for ELB and EC2).
      Sid: 'Look',
      Action: [
        'elasticloadbalancing:DescribeLoadBalancers',
        'elasticloadbalancing:DescribeLoadBalancerAttributes',
        'elasticloadbalancing:DescribeInstanceHealth',
        'ec2:DescribeInstances',
      ],
      Resource: '*',
    },
    {
      Sid: 'AttachAndDetach',
      Action: [
        'elasticloadbalancing:RegisterInstancesWithLoadBalancer',
        'elasticloadbalancing:DeregisterInstancesFromLoadBalancer',
      ],
      Resource: props.managedElbs.map((name) => account.arn('elasticloadbalancing', `loadbalancer/${name}`)),
    },
    { Sid: 'ReadToken', Action: ['ssm:GetParameter'], Resource: tokenArns },
    ...(token.keyArn === undefined
      ? []
      : [
          {
            Sid: 'DecryptToken',
            Action: ['kms:Decrypt'],
            Resource: token.keyArn,
            Condition: {
              StringEquals: {
                'kms:EncryptionContext:PARAMETER_ARN': tokenArns,
                'kms:ViaService': `ssm.${account.region}.${account.partition.services}`,
              },
            },
          },
        ]),
    ...(props.ecrRepository === undefined
      ? []
      : [
          // This action does not support resource-level permissions (service authorization reference for ECR).
          { Sid: 'LogInToEcr', Action: ['ecr:GetAuthorizationToken'], Resource: '*' },
          {
            Sid: 'PullImages',
            Action: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
            Resource: account.arn('ecr', `repository/${props.ecrRepository}`),
          },
        ]),
    {
      Sid: 'WriteLogs',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: account.arn('logs', `log-group:${props.logGroupName}:*`),
    },
    {
      Sid: 'WriteMetrics',
      Action: ['cloudwatch:PutMetricData'],
      Resource: '*',
      Condition: { StringEquals: { 'cloudwatch:namespace': props.metricNamespace } },
    },
    ...(props.traces
      ? [
          // These actions do not support resource-level permissions (service authorization reference for X-Ray).
          {
            Sid: 'WriteTraces',
            Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
            Resource: '*',
          },
        ]
      : []),
    ...(props.groupName === undefined
      ? []
      : [
          {
            Sid: 'CompleteLaunch',
            Action: ['autoscaling:CompleteLifecycleAction'],
            Resource: account.arn(
              'autoscaling',
              `autoScalingGroup:*:autoScalingGroupName/${props.groupName}`,
            ),
          },
        ]),
    ...(props.sessionManager
      ? [
          {
            // The permissions that Session Manager requires. The AWS managed policy also allows reading every
            // parameter.
            Sid: 'SessionManager',
            Action: [
              'ssm:UpdateInstanceInformation',
              'ssmmessages:CreateControlChannel',
              'ssmmessages:CreateDataChannel',
              'ssmmessages:OpenControlChannel',
              'ssmmessages:OpenDataChannel',
            ],
            Resource: '*',
          },
        ]
      : []),
  ];
}
