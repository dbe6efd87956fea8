import type { Block, Synthesized } from '../support/synthesized';
import { withoutReferences } from './stand-ins';

/** The property of an argument: its name, null without a counterpart, or its name and its value. */
type Counterpart = string | null | readonly [name: string, value: (given: never) => unknown];

interface Mapping {
  readonly type: string;
  /** The attribute that Ref returns. */
  readonly ref?: string;
  /** The property that contains all others, except those whose name starts with a slash. */
  readonly inside?: string;
  /** Properties by argument; by default, idle_timeout is IdleTimeout. A dot leads into a block. */
  readonly names?: Readonly<Record<string, Counterpart>>;
  /** Required properties that Terraform or its provider generates. */
  readonly also?: Block;
}

const document = (text: string) => JSON.parse(withoutReferences(text)) as unknown;
const nameAndValue = (map: Readonly<Record<string, string>>) =>
  Object.entries(map).map(([Name, Value]) => ({ Name, Value: resolved(Value) }));
const rule = (to: string): Readonly<Record<string, Counterpart>> => ({
  cidr_ipv4: 'CidrIp',
  cidr_ipv6: 'CidrIpv6',
  security_group_id: 'GroupId',
  referenced_security_group_id: `${to}SecurityGroupId`,
  prefix_list_id: `${to}PrefixListId`,
  tags: null,
});

/** The Terraform resource types and their CloudFormation counterparts. */
const mappings: Readonly<Record<string, Mapping>> = {
  aws_autoscaling_group: {
    type: 'AWS::AutoScaling::AutoScalingGroup',
    ref: 'name',
    names: {
      name: 'AutoScalingGroupName',
      vpc_zone_identifier: 'VPCZoneIdentifier',
      'launch_template.id': 'LaunchTemplateId',
      load_balancers: 'LoadBalancerNames',
      initial_lifecycle_hook: 'LifecycleHookSpecificationList',
      'initial_lifecycle_hook.name': 'LifecycleHookName',
      tag: 'Tags',
      // Work of Terraform or its provider.
      instance_refresh: null,
      force_delete: null,
      min_elb_capacity: null,
      wait_for_capacity_timeout: null,
    },
  },
  aws_autoscaling_policy: {
    type: 'AWS::AutoScaling::ScalingPolicy',
    names: {
      name: null,
      autoscaling_group_name: 'AutoScalingGroupName',
      'target_tracking_configuration.customized_metric_specification.metric_dimension': 'Dimensions',
      'target_tracking_configuration.customized_metric_specification.metrics.metric_stat.metric.dimensions':
        'Dimensions',
    },
  },
  aws_cloudwatch_dashboard: { type: 'AWS::CloudWatch::Dashboard' },
  aws_cloudwatch_event_rule: {
    type: 'AWS::Events::Rule',
    names: { event_pattern: ['EventPattern', document] },
  },
  aws_cloudwatch_event_target: {
    type: 'AWS::Events::Rule',
    names: { rule: null, arn: ['Targets', (arn: string) => [{ Arn: resolved(arn), Id: 'generated' }]] },
    also: { EventPattern: {} },
  },
  aws_cloudwatch_log_group: { type: 'AWS::Logs::LogGroup', ref: 'name', names: { name: 'LogGroupName' } },
  aws_cloudwatch_metric_alarm: {
    type: 'AWS::CloudWatch::Alarm',
    names: {
      ok_actions: 'OKActions',
      evaluate_low_sample_count_percentiles: 'EvaluateLowSampleCountPercentile',
      dimensions: ['Dimensions', nameAndValue],
      metric_query: 'Metrics',
      'metric_query.metric': 'MetricStat',
      'metric_query.metric.namespace': 'Metric.Namespace',
      'metric_query.metric.metric_name': 'Metric.MetricName',
      'metric_query.metric.dimensions': ['Metric.Dimensions', nameAndValue],
    },
  },
  aws_ec2_instance_connect_endpoint: { type: 'AWS::EC2::InstanceConnectEndpoint' },
  aws_eip: { type: 'AWS::EC2::EIP' },
  aws_elb: {
    type: 'AWS::ElasticLoadBalancing::LoadBalancer',
    ref: 'name',
    names: {
      name: 'LoadBalancerName',
      internal: ['Scheme', (internal: boolean) => (internal ? 'internal' : 'internet-facing')],
      listener: 'Listeners',
      'listener.lb_port': 'LoadBalancerPort',
      'listener.lb_protocol': 'Protocol',
      'listener.ssl_certificate_id': 'SSLCertificateId',
      cross_zone_load_balancing: 'CrossZone',
      connection_draining: 'ConnectionDrainingPolicy.Enabled',
      connection_draining_timeout: 'ConnectionDrainingPolicy.Timeout',
      idle_timeout: 'ConnectionSettings.IdleTimeout',
      access_logs: 'AccessLoggingPolicy',
      'access_logs.bucket': 'S3BucketName',
      'access_logs.interval': 'EmitInterval',
    },
  },
  aws_flow_log: {
    type: 'AWS::EC2::FlowLog',
    names: { vpc_id: 'ResourceId', iam_role_arn: 'DeliverLogsPermissionArn' },
    also: { ResourceType: 'VPC' },
  },
  aws_iam_instance_profile: {
    type: 'AWS::IAM::InstanceProfile',
    ref: 'name',
    names: { name_prefix: null, role: ['Roles', (role: string) => [resolved(role)]] },
  },
  aws_iam_role: {
    type: 'AWS::IAM::Role',
    names: { name_prefix: null, assume_role_policy: ['AssumeRolePolicyDocument', document] },
  },
  aws_iam_role_policy: {
    type: 'AWS::IAM::RolePolicy',
    names: { role: 'RoleName', policy: ['PolicyDocument', document] },
    also: { PolicyName: 'generated' },
  },
  aws_instance: {
    type: 'AWS::EC2::Instance',
    ref: 'id',
    names: { 'launch_template.id': 'LaunchTemplateId' },
  },
  // In CloudFormation, a separate resource attaches the gateway.
  aws_internet_gateway: { type: 'AWS::EC2::InternetGateway', ref: 'id', names: { vpc_id: null } },
  aws_launch_template: {
    type: 'AWS::EC2::LaunchTemplate',
    ref: 'id',
    inside: 'LaunchTemplateData',
    names: {
      name: '/LaunchTemplateName',
      vpc_security_group_ids: 'SecurityGroupIds',
      // The provider uses strings for these booleans.
      'block_device_mappings.ebs.encrypted': ['Encrypted', (text: string) => text === 'true'],
      'block_device_mappings.ebs.delete_on_termination': [
        'DeleteOnTermination',
        (text: string) => text === 'true',
      ],
      tags: null,
      update_default_version: null,
    },
  },
  aws_nat_gateway: { type: 'AWS::EC2::NatGateway', ref: 'id' },
  aws_route53_health_check: {
    type: 'AWS::Route53::HealthCheck',
    inside: 'HealthCheckConfig',
    names: {
      fqdn: 'FullyQualifiedDomainName',
      enable_sni: 'EnableSNI',
      tags: [
        '/HealthCheckTags',
        (tags: Block) => Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      ],
    },
  },
  aws_route53_record: {
    type: 'AWS::Route53::RecordSet',
    names: {
      zone_id: 'HostedZoneId',
      alias: [
        'AliasTarget',
        (alias: Block) => ({
          DNSName: resolved(String(alias['name'])),
          HostedZoneId: resolved(String(alias['zone_id'])),
          EvaluateTargetHealth: alias['evaluate_target_health'],
        }),
      ],
    },
  },
  aws_route: { type: 'AWS::EC2::Route' },
  aws_route_table: { type: 'AWS::EC2::RouteTable', ref: 'id' },
  aws_route_table_association: { type: 'AWS::EC2::SubnetRouteTableAssociation' },
  aws_s3_bucket: {
    type: 'AWS::S3::Bucket',
    ref: 'bucket',
    names: { bucket_prefix: null, force_destroy: null },
  },
  aws_s3_bucket_lifecycle_configuration: {
    type: 'AWS::S3::Bucket',
    inside: 'LifecycleConfiguration',
    names: {
      bucket: null,
      rule: 'Rules',
      'rule.filter': ['Prefix', ([filter]: { prefix: string }[]) => filter?.prefix],
      'rule.abort_incomplete_multipart_upload': [
        'AbortIncompleteMultipartUpload',
        ([abort]: { days_after_initiation: number }[]) => ({
          DaysAfterInitiation: abort?.days_after_initiation,
        }),
      ],
      'rule.expiration': ['ExpirationInDays', ([expiration]: { days: number }[]) => expiration?.days],
    },
  },
  aws_s3_bucket_policy: { type: 'AWS::S3::BucketPolicy', names: { policy: ['PolicyDocument', document] } },
  aws_s3_bucket_public_access_block: {
    type: 'AWS::S3::Bucket',
    inside: 'PublicAccessBlockConfiguration',
    names: { bucket: null },
  },
  aws_security_group: {
    type: 'AWS::EC2::SecurityGroup',
    ref: 'id',
    names: { name: 'GroupName', description: 'GroupDescription' },
  },
  aws_sns_topic: { type: 'AWS::SNS::Topic', ref: 'arn', names: { name: 'TopicName' } },
  aws_sns_topic_policy: {
    type: 'AWS::SNS::TopicPolicy',
    names: { arn: ['Topics', (topic: string) => [resolved(topic)]], policy: ['PolicyDocument', document] },
  },
  aws_sns_topic_subscription: { type: 'AWS::SNS::Subscription' },
  aws_subnet: { type: 'AWS::EC2::Subnet', ref: 'id' },
  aws_vpc: { type: 'AWS::EC2::VPC', ref: 'id' },
  aws_vpc_security_group_egress_rule: {
    type: 'AWS::EC2::SecurityGroupEgress',
    names: rule('Destination'),
  },
  aws_vpc_security_group_ingress_rule: {
    type: 'AWS::EC2::SecurityGroupIngress',
    names: rule('Source'),
  },
};

/** Types that CloudFormation does not support. */
const withoutCounterpart = new Set([
  // Removes the rules of a group that AWS creates with the VPC.
  'aws_default_security_group',
  // Properties of the load balancer in CloudFormation, which has no values for them.
  'aws_load_balancer_listener_policy',
  'aws_load_balancer_policy',
  // Terraform's own type.
  'terraform_data',
]);

/** Arguments of every type that CloudFormation does not have; its stack has one region. */
const ofTerraform = new Set(['depends_on', 'lifecycle', 'region']);

/**
 * Returns a template of CloudFormation with the literal values of the JSON. A reference becomes a Ref, or an import, whose value
 * cfn-lint does not know. Throws an error for a type without a mapping.
 */
export function template(json: Synthesized['json']): { Resources: Record<string, Block> } {
  const Resources: Record<string, Block> = {};
  for (const [type, named] of Object.entries(json.resource)) {
    if (withoutCounterpart.has(type)) continue;
    const mapping = mappings[type];
    if (mapping === undefined) throw new Error(`cloudformation.ts has no mapping for ${type}; add one`);
    for (const [id, block] of Object.entries(named)) {
      const Properties: Block = { ...mapping.also };
      properties(block, mapping, '', mapping.inside === undefined ? '' : `${mapping.inside}.`, Properties);
      Resources[logicalId(type, id)] = { Type: mapping.type, Properties };
    }
  }
  return { Resources };
}

function properties(given: Block, mapping: Mapping, path: string, inside: string, into: Block): void {
  for (const [argument, value] of Object.entries(given)) {
    const counterpart = mapping.names?.[path + argument];
    if (counterpart === null || ofTerraform.has(argument)) continue;
    const [name, convert] =
      typeof counterpart === 'object' ? counterpart : [counterpart ?? pascalCase(argument), undefined];
    const converted = convert
      ? convert(value as never)
      : propertyValue(value, argument, mapping, `${path}${argument}.`);
    place(into, name.startsWith('/') ? name.slice(1) : inside + name, converted);
  }
}

function propertyValue(value: unknown, argument: string, mapping: Mapping, path: string): unknown {
  if (Array.isArray(value)) return value.map((each) => propertyValue(each, argument, mapping, path));
  if (typeof value === 'string') return resolved(value);
  if (typeof value !== 'object' || value === null) return value;
  if (argument === 'tags')
    return Object.entries(value).map(([Key, Value]) => ({ Key, Value: resolved(Value as string) }));
  const block = {};
  properties(value, mapping, path, '', block);
  return block;
}

function place(into: Block, path: string, value: unknown): void {
  const [first = '', ...rest] = path.split('.');
  if (rest.length === 0) into[first] = value;
  else place((into[first] ??= {}) as Block, rest.join('.'), value);
}

function resolved(text: string): unknown {
  const [whole, type = '', id = '', attribute] = /^\$\{(\w+)\.([\w-]+)\.(\w+)\}$/.exec(text) ?? [];
  if (whole !== undefined && mappings[type]?.ref === attribute) return { Ref: logicalId(type, id) };
  if (/^\$\{[^]*\}$/.test(text)) return { 'Fn::ImportValue': text.replaceAll(/\W/g, '-') };
  return withoutReferences(text);
}

function logicalId(type: string, id: string): string {
  return pascalCase(`${type}_${id}`).replaceAll(/\W/g, '');
}

function pascalCase(text: string): string {
  return text.replaceAll(/(?:^|[_-])(\w)/g, (_, letter: string) => letter.toUpperCase());
}
