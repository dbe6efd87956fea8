import { billedServiceMetrics } from '../../monitoring/service-metrics';
import type { Block, Synthesized } from './synthesized';

/**
 * USD in us-east-1, on demand, without free tiers and tax: the price pages of AWS for EC2, EBS, Elastic Load Balancing, VPC and
 * CloudWatch, as of June 2026.
 */
const prices = {
  hosts: { 't3.micro': 0.0104, 't4g.micro': 0.0084, 't4g.small': 0.0168 } as Readonly<Record<string, number>>,
  gbOfGp3: 0.08,
  classicElb: 0.025,
  publicAddress: 0.005,
  natGateway: 0.045,
  metric: 0.3,
  alarm: 0.1,
  dashboard: 3,
};

/** The average number of hours in a month, which AWS uses in its examples. */
const hoursPerMonth = 730;
/** Metrics of EC2 with detailed monitoring, each billed as a custom metric (EC2 user guide, "Manage detailed monitoring"). */
const detailedMetrics = 7;

/** A part of the bill: its price as the table shows it, and its cost in USD per month. */
export type Cost = readonly [part: string, price: string, usd: number];

/** Returns the cost of each part, without traffic and logs, for the minimum number of hosts. */
export function monthlyCost(stack: Synthesized): Cost[] {
  const { resource } = stack.json;
  const count = (type: string) => Object.keys(resource[type] ?? {}).length;
  const [group] = Object.values(resource['aws_autoscaling_group'] ?? {});
  const hosts = group ? Number(group['min_size']) : count('aws_instance');
  const template = stack.the('aws_launch_template');
  const hostPrice = prices.hosts[String(template['instance_type'])] ?? NaN;
  const [volume] = template['block_device_mappings'] as Block[];
  const volumeGb = Number((volume?.['ebs'] as Block)['volume_size']);
  const elb = stack.the('aws_elb');
  const subnets = Object.values(resource['aws_subnet'] ?? {});
  const hostsArePublic = subnets.some((subnet) => subnet['map_public_ip_on_launch'] === true);
  const addresses =
    // A load balancer has at least one address in each zone.
    (elb['internal'] === true ? 0 : (elb['subnets'] as unknown[]).length) +
    (hostsArePublic ? hosts : 0) +
    count('aws_eip');
  const alarms = Object.values(resource['aws_cloudwatch_metric_alarm'] ?? {}).flatMap((alarm) =>
    // An alarm for an expression costs as much as an alarm for each of its metrics.
    ((alarm['metric_query'] ?? [{ metric: {} }]) as Block[]).filter(({ metric }) => metric !== undefined),
  );
  // The agent sends the memory of each host, of all hosts, and of the API; its other metrics have no dimension of a host.
  const ofService = /^readonly AGENT_METRICS=''$/m.test(stack.userData) ? 0 : billedServiceMetrics();
  const metrics = hosts * (detailedMetrics + 1) + 2 + ofService;
  const each = Object.entries(prices.hosts).map(([type, price]) => `${price.toString()} (${type})`);
  const hourly = (price: number, number: number): [string, number] => [
    `${price} per hour`,
    price * number * hoursPerMonth,
  ];
  const monthly = (price: number, number: number): [string, number] => [`${price} per month`, price * number];
  return [
    ['EC2 instances', `${each.join(', ')} per hour`, hosts * hostPrice * hoursPerMonth],
    ['Volumes (GB of gp3 storage)', ...monthly(prices.gbOfGp3, hosts * volumeGb)],
    ['Classic Load Balancer', ...hourly(prices.classicElb, count('aws_elb'))],
    ['Public IPv4 addresses', ...hourly(prices.publicAddress, addresses)],
    ['NAT gateways', ...hourly(prices.natGateway, count('aws_nat_gateway'))],
    ['CloudWatch metrics', ...monthly(prices.metric, metrics)],
    ['CloudWatch alarms', ...monthly(prices.alarm, alarms.length)],
    ['CloudWatch dashboard', ...monthly(prices.dashboard, count('aws_cloudwatch_dashboard'))],
  ];
}
