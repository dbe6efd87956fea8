import { CloudwatchEventRule } from '@cdktf/provider-aws/lib/cloudwatch-event-rule';
import { CloudwatchEventTarget } from '@cdktf/provider-aws/lib/cloudwatch-event-target';
import { CloudwatchDashboard } from '@cdktf/provider-aws/lib/cloudwatch-dashboard';
import {
  CloudwatchMetricAlarm,
  type CloudwatchMetricAlarmMetricQuery,
} from '@cdktf/provider-aws/lib/cloudwatch-metric-alarm';
import { SnsTopic } from '@cdktf/provider-aws/lib/sns-topic';
import { SnsTopicPolicy } from '@cdktf/provider-aws/lib/sns-topic-policy';
import { SnsTopicSubscription } from '@cdktf/provider-aws/lib/sns-topic-subscription';
import { Construct } from 'constructs';
import { alarmsOf, type Alarm, type Metric, type MetricMath, type WatchedService } from './alarms';
import { failuresOf } from './failures';
import { dashboardOf } from './dashboard';
import type { Account } from '../constructs/account';

export interface MonitoringProps {
  readonly name: string;
  readonly account: Account;
  readonly service: WatchedService;
  readonly email: string | undefined;
}

/** A dashboard, and alarms that notify an SNS topic. */
export class Monitoring extends Construct {
  readonly dashboardUrl: string;

  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const { region, partition } = props.account;
    const topic = new SnsTopic(this, 'topic', { name: `${props.name}-alarms` });
    if (props.email !== undefined) {
      new SnsTopicSubscription(this, 'email', {
        topicArn: topic.arn,
        protocol: 'email',
        endpoint: props.email,
      });
    }
    this.allowPublishing(topic, props.account);
    for (const alarm of alarmsOf(props.service)) this.alarm(alarm, props, topic);
    if (!props.service.single) this.reportFailures(topic, props.name);
    const dashboard = new CloudwatchDashboard(this, 'dashboard', {
      dashboardName: props.name,
      dashboardBody: JSON.stringify(dashboardOf(props.service, region)),
    });
    this.dashboardUrl = `https://${region}.console.${partition.console}/cloudwatch/home?region=${region}#dashboards/dashboard/${dashboard.dashboardName}`;
  }

  /** This policy replaces the default one, with which only the account itself can publish. */
  private allowPublishing(topic: SnsTopic, account: Account): void {
    const publish = { Effect: 'Allow', Action: 'sns:Publish', Resource: topic.arn };
    new SnsTopicPolicy(this, 'publishers', {
      arn: topic.arn,
      policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            ...publish,
            Sid: 'Alarms',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Condition: {
              StringEquals: { 'aws:SourceAccount': account.id },
              ArnLike: { 'aws:SourceArn': account.arn('cloudwatch', 'alarm:*') },
            },
          },
          // Without a condition, because EventBridge does not support one here (EventBridge user guide, "Amazon SNS permissions").
          { ...publish, Sid: 'Events', Principal: { Service: 'events.amazonaws.com' } },
        ],
      }),
    });
  }

  /** Sends the events of failed launches and refreshes to the topic. */
  private reportFailures(topic: SnsTopic, groupName: string): void {
    const rule = new CloudwatchEventRule(this, 'failures', {
      name: `${groupName}-failures`,
      description: 'Failed launches and refreshes of the group',
      eventPattern: JSON.stringify(failuresOf(groupName)),
    });
    new CloudwatchEventTarget(this, 'failures-target', { rule: rule.name, arn: topic.arn });
  }

  private alarm(alarm: Alarm, { name, account }: MonitoringProps, topic: SnsTopic): void {
    // An action of EC2 (CloudWatch user guide, "stop, terminate, reboot, or recover").
    const recovery =
      alarm.recovery && `arn:${account.partition.name}:automate:${account.region}:ec2:${alarm.recovery}`;
    new CloudwatchMetricAlarm(this, alarm.id, {
      alarmName: `${name}-${alarm.id}`,
      alarmDescription: `${alarm.why} ${alarm.remedy}`,
      ...('metrics' in alarm.watches
        ? math(alarm.watches, alarm.period)
        : single(alarm.watches, alarm.period)),
      comparisonOperator: alarm.comparison,
      threshold: alarm.threshold,
      datapointsToAlarm: alarm.breaches[0],
      evaluationPeriods: alarm.breaches[1],
      treatMissingData: alarm.missing,
      alarmActions: recovery === undefined ? [topic.arn] : [topic.arn, recovery],
      okActions: [topic.arn],
    });
  }
}

function single({ namespace, name, statistic, dimensions }: Metric, period: number) {
  const percentile = statistic.startsWith('p');
  return {
    namespace,
    metricName: name,
    period,
    ...(Object.keys(dimensions).length > 0 && { dimensions: { ...dimensions } }),
    ...(percentile
      ? // A percentile of a few requests is meaningless.
        { extendedStatistic: statistic, evaluateLowSampleCountPercentiles: 'ignore' }
      : { statistic }),
  };
}

function math({ label, expression, metrics }: MetricMath, period: number) {
  const metricQuery: CloudwatchMetricAlarmMetricQuery[] = [
    { id: 'result', label, expression, returnData: true },
    ...Object.entries(metrics).map(([id, { namespace, name, statistic, dimensions }]) => ({
      id,
      metric: { namespace, metricName: name, stat: statistic, period, dimensions: { ...dimensions } },
    })),
  ];
  return { metricQuery };
}
