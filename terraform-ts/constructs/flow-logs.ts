import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group';
import { FlowLog } from '@cdktf/provider-aws/lib/flow-log';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { Construct } from 'constructs';
import type { Account } from './account';
import { policyDocument } from './policy-document';

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
      assumeRolePolicy: policyDocument([
        {
          Action: 'sts:AssumeRole',
          Principal: { Service: 'vpc-flow-logs.amazonaws.com' },
          Condition: { StringEquals: { 'aws:SourceAccount': account.id } },
        },
      ]),
    });
    const rights = new IamRolePolicy(this, 'rights', {
      role: role.id,
      policy: policyDocument([
        {
          Sid: 'WriteFlowLogs',
          Action: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
          Resource: account.arn('logs', `log-group:${logGroupName}:*`),
        },
        { Sid: 'Look', Action: ['logs:DescribeLogGroups'], Resource: '*' },
      ]),
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
