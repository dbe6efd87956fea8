import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group';
import { FlowLog } from '@cdktf/provider-aws/lib/flow-log';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { Construct } from 'constructs';
import type { Account } from './account';

export interface FlowLogsProps {
  readonly name: string;
  readonly account: Account;
  readonly vpcId: string;
  readonly retentionInDays: number;
}

/** Logs the accepted and rejected connections in the VPC to a log group. */
export class FlowLogs extends Construct {
  constructor(scope: Construct, id: string, { name, account, vpcId, retentionInDays }: FlowLogsProps) {
    super(scope, id);
    const logGroupName = `/${name}/flow-logs`;
    const logGroup = new CloudwatchLogGroup(this, 'logs', { name: logGroupName, retentionInDays });
    const role = new IamRole(this, 'role', {
      namePrefix: `${name}-`,
      assumeRolePolicy: policy({
        Action: 'sts:AssumeRole',
        Principal: { Service: 'vpc-flow-logs.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': account.id } },
      }),
    });
    const rights = new IamRolePolicy(this, 'rights', {
      role: role.id,
      policy: policy(
        {
          Sid: 'WriteFlowLogs',
          Action: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
          Resource: account.arn('logs', `log-group:${logGroupName}:*`),
        },
        { Sid: 'Look', Action: ['logs:DescribeLogGroups'], Resource: '*' },
      ),
    });
    new FlowLog(this, 'flow-log', {
      vpcId,
      trafficType: 'ALL',
      logDestination: logGroup.arn,
      iamRoleArn: role.arn,
      dependsOn: [rights],
      tags: { Name: name },
    });
  }
}

function policy(...statements: object[]): string {
  const Statement = statements.map((statement) => ({ Effect: 'Allow', ...statement }));
  return JSON.stringify({ Version: '2012-10-17', Statement });
}
