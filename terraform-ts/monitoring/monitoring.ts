import { CloudwatchEventRule } from '@cdktf/provider-aws/lib/cloudwatch-event-rule';
import { CloudwatchEventTarget } from '@cdktf/provider-aws/lib/cloudwatch-event-target';
import { CloudwatchDashboard } from '@cdktf/provider-aws/lib/cloudwatch-dashboard';
import {
  CloudwatchMetricAlarm,
  type CloudwatchMetricAlarmMetricQuery,
} from '@cdktf/provider-aws/lib/cloudwatch-metric-alarm';
import { Route53HealthCheck } from '@cdktf/provider-aws/lib/route53-health-check';
import { SnsTopic } from '@cdktf/provider-aws/lib/sns-topic';
import { SnsTopicPolicy } from '@cdktf/provider-aws/lib/sns-topic-policy';
import { SnsTopicSubscription } from '@cdktf/provider-aws/lib/sns-topic-subscription';
import { Construct } from 'constructs';
import {
  alarmsOf,
  outsideAlarm,
  type Alarm,
  type Metric,
  type MetricMath,
  type WatchedService,
} from './alarms';
import { failuresOf } from './failures';
import { dashboardOf } from './dashboard';
import { ports } from '../config/ports';
import type { Account } from '../constructs/account';
import { policyDocument } from '../constructs/policy-document';

export interface MonitoringProps {
  readonly name: string;
  readonly account: Account;
  readonly service: WatchedService;
  readonly email: string | undefined;
  /** The address of the API for clients on the internet. Undefined without a Route 53 health check. */
  readonly healthCheck: { readonly fqdn: string; readonly https: boolean } | undefined;
}

/** The region of the Route 53 metrics. An alarm and its topic must be in the region of the metric. */
const regionOfRoute53 = 'us-east-1';

/** A dashboard, and alarms that send notifications to an SNS topic. */
export class Monitoring extends Construct {
  readonly dashboardUrl: string;

  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const { region, partition } = props.account;
    const topic = this.topic('', region, props);
    for (const alarm of alarmsOf(props.service)) this.alarm(alarm, props, topic);
    if (!props.service.single) this.reportFailures(topic, props.name);
    if (props.healthCheck) {
      const check = this.healthCheck(props.healthCheck, props.name);
      const itsTopic = region === regionOfRoute53 ? topic : this.topic('-outside', regionOfRoute53, props);
      this.alarm(outsideAlarm(check.id), props, itsTopic, regionOfRoute53);
    }
    const dashboard = new CloudwatchDashboard(this, 'dashboard', {
      dashboardName: props.name,
      dashboardBody: JSON.stringify(dashboardOf(props.service, region)),
    });
    this.dashboardUrl = `https://${region}.console.${partition.console}/cloudwatch/home?region=${region}#dashboards/dashboard/${dashboard.dashboardName}`;
  }

  private topic(suffix: string, region: string, { name, account, email }: MonitoringProps): SnsTopic {
    const elsewhere = region === account.region ? {} : { region };
    const topic = new SnsTopic(this, `topic${suffix}`, { name: `${name}-alarms${suffix}`, ...elsewhere });
    if (email !== undefined) {
      new SnsTopicSubscription(this, `email${suffix}`, {
        topicArn: topic.arn,
        protocol: 'email',
        endpoint: email,
        ...elsewhere,
      });
    }
    // This policy replaces the default policy, which allows only the account itself to publish.
    const publish = { Action: 'sns:Publish', Resource: topic.arn };
    new SnsTopicPolicy(this, `publishers${suffix}`, {
      arn: topic.arn,
      ...elsewhere,
      policy: policyDocument([
        {
          ...publish,
          Sid: 'Alarms',
          Principal: { Service: 'cloudwatch.amazonaws.com' },
          Condition: {
            StringEquals: { 'aws:SourceAccount': account.id },
            ArnLike: { 'aws:SourceArn': account.arn('cloudwatch', 'alarm:*', region) },
          },
        },
        // There is no condition, because EventBridge does not support one here (EventBridge user guide, "Amazon SNS
        // permissions").
        { ...publish, Sid: 'Events', Principal: { Service: 'events.amazonaws.com' } },
      ]),
    });
    return topic;
  }

  private healthCheck({ fqdn, https }: { fqdn: string; https: boolean }, name: string): Route53HealthCheck {
    return new Route53HealthCheck(this, 'health-check', {
      type: https ? 'HTTPS' : 'HTTP',
      fqdn,
      port: https ? ports.https : ports.http,
      resourcePath: '/healthcheck',
      requestInterval: 30,
      failureThreshold: 3,
      tags: { Name: name },
    });
  }

  /** Sends the events about failed launches and refreshes to the topic. */
  private reportFailures(topic: SnsTopic, groupName: string): void {
    const rule = new CloudwatchEventRule(this, 'failures', {
      name: `${groupName}-failures`,
      description: 'Failed launches and refreshes of the group',
      eventPattern: JSON.stringify(failuresOf(groupName)),
    });
    new CloudwatchEventTarget(this, 'failures-target', { rule: rule.name, arn: topic.arn });
  }

  private alarm(
    alarm: Alarm,
    { name, account }: MonitoringProps,
    topic: SnsTopic,
    region = account.region,
  ): void {
    // An EC2 action (CloudWatch user guide, "stop, terminate, reboot, or recover").
    const recovery =
      alarm.recovery && `arn:${account.partition.name}:automate:${account.region}:ec2:${alarm.recovery}`;
    new CloudwatchMetricAlarm(this, alarm.id, {
      ...(region !== account.region && { region }),
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
