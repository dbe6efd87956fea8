import type { Targets } from '../config/config';
import { containerMemoryBytes } from '../config/container';

/** A CloudWatch statistic; percentiles are extended statistics. */
export type Statistic = 'Average' | 'Maximum' | 'Minimum' | 'SampleCount' | 'Sum' | `p${number}`;

export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly statistic: Statistic;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** A CloudWatch metric math expression. */
export interface MetricMath {
  readonly label: string;
  readonly expression: string;
  readonly metrics: Readonly<Record<string, Metric>>;
}

/** An alarm. `why` and `remedy` are its description for the person on call. */
export interface Alarm {
  readonly id: string;
  readonly watches: Metric | MetricMath;
  readonly comparison: 'GreaterThanThreshold' | 'GreaterThanOrEqualToThreshold' | 'LessThanThreshold';
  readonly threshold: number;
  /** In seconds. */
  readonly period: number;
  /** The number of breaching periods that trigger the alarm, and the number of evaluated periods. */
  readonly breaches: readonly [count: number, of: number];
  /** Treatment of missing data. */
  readonly missing: 'breaching' | 'notBreaching';
  readonly why: string;
  readonly remedy: string;
  /** The recovery action that EC2 performs. */
  readonly recovery?: 'recover' | 'reboot';
}

export interface WatchedService {
  readonly elbName: string;
  /** The dimensions of EC2 metrics: the group or the instance. */
  readonly hostDimensions: Readonly<Record<string, string>>;
  /** True for a single host, which EC2 recovers. A group replaces its hosts instead. */
  readonly single: boolean;
  /** The number of vCPUs of a host. */
  readonly vcpus: string;
  readonly targets: Targets;
  readonly metricNamespace: string;
  /** The dimension of the metrics from the service itself. Undefined if they are not sent to CloudWatch. */
  readonly serviceMetrics: string | undefined;
}

export function elbMetric(elbName: string, name: string, statistic: Statistic): Metric {
  return { namespace: 'AWS/ELB', name, statistic, dimensions: { LoadBalancerName: elbName } };
}

/**
 * Returns the metric for the memory used on the hosts, as a percentage, across all hosts. The CloudWatch agent sends it without dimensions.
 */
export function memoryMetric(namespace: string, statistic: Statistic): Metric {
  return { namespace, name: 'mem_used_percent', statistic, dimensions: {} };
}

/** Returns the metric for the memory used by the API process, in bytes, across all hosts. */
export function apiMemoryMetric(namespace: string, statistic: Statistic): Metric {
  return { namespace, name: 'procstat_memory_rss', statistic, dimensions: {} };
}

/** Returns every alarm. A test compares these with the table in README.md. */
export function alarmsOf(service: WatchedService): Alarm[] {
  return [...trafficAlarms(service.elbName), ...hostAlarms(service)];
}

/** Returns the alarm for a Route 53 health check. */
export function outsideAlarm(healthCheckId: string): Alarm {
  return {
    id: 'unreachable',
    watches: {
      namespace: 'AWS/Route53',
      name: 'HealthCheckStatus',
      statistic: 'Minimum',
      dimensions: { HealthCheckId: healthCheckId },
    },
    comparison: 'LessThanThreshold',
    threshold: 1,
    period: 60,
    breaches: [2, 2],
    missing: 'notBreaching',
    why: 'GET /healthcheck from the internet fails because of a problem with DNS, a security group or the ELB, or because all hosts have failed.',
    remedy:
      'If no-healthy-host is not in the ALARM state, check DNS_NAME, the listeners and the security group of the ELB.',
  };
}

function trafficAlarms(elbName: string): Alarm[] {
  const elb = (name: string, statistic: Statistic) => elbMetric(elbName, name, statistic);
  return [
    {
      id: 'unhealthy-host',
      watches: elb('UnHealthyHostCount', 'Maximum'),
      comparison: 'GreaterThanThreshold',
      threshold: 0,
      period: 60,
      breaches: [3, 3],
      missing: 'notBreaching',
      why: 'A host fails its health check and receives no requests.',
      remedy:
        'GET /elb/{elbName}/health shows the reason; also read the log of the container; a group replaces the host.',
    },
    {
      id: 'no-healthy-host',
      watches: elb('HealthyHostCount', 'Maximum'),
      comparison: 'LessThanThreshold',
      threshold: 1,
      period: 60,
      breaches: [2, 2],
      missing: 'breaching',
      why: 'No host is healthy, or no host exists; clients receive 503 responses.',
      remedy: 'Read the boot log of the newest host; deploy the last good version.',
    },
    {
      id: 'surge-queue',
      watches: elb('SurgeQueueLength', 'Maximum'),
      comparison: 'GreaterThanThreshold',
      threshold: 100,
      period: 60,
      breaches: [3, 3],
      missing: 'notBreaching',
      why: 'Requests wait in the ELB because the hosts are busy; when 1,024 requests are waiting, the ELB rejects additional requests.',
      remedy: 'Check the CPU utilization and the latency; raise MAX_HOSTS.',
    },
    {
      id: 'spillover',
      watches: elb('SpilloverCount', 'Sum'),
      comparison: 'GreaterThanThreshold',
      threshold: 0,
      period: 60,
      breaches: [1, 1],
      missing: 'notBreaching',
      why: 'The queue of the ELB was full; clients received 503 responses.',
      remedy:
        'Add hosts (raise the desired capacity of the group), then find the source of the requests (ACCESS_LOGS=on).',
    },
    {
      id: 'backend-5xx',
      watches: {
        label: '5xx responses from the API, as a percentage',
        // If there are fewer than 20 requests per minute, a single error would be a large share.
        expression: 'IF(requests >= 20, 100 * FILL(errors, 0) / requests, 0)',
        metrics: { errors: elb('HTTPCode_Backend_5XX', 'Sum'), requests: elb('RequestCount', 'Sum') },
      },
      comparison: 'GreaterThanThreshold',
      threshold: 5,
      period: 60,
      breaches: [3, 5],
      missing: 'notBreaching',
      why: 'The API returns errors: AWS rejects or throttles calls or responds slowly, or the API has a bug.',
      remedy:
        'The responses and GET /status show the AWS error code; roll back if the alarm started with a deployment.',
    },
    {
      id: 'elb-5xx',
      watches: elb('HTTPCode_ELB_5XX', 'Sum'),
      comparison: 'GreaterThanThreshold',
      threshold: 0,
      period: 60,
      breaches: [3, 5],
      missing: 'notBreaching',
      why: 'The ELB itself returns 502, 503 or 504: no host is healthy, or hosts close connections or do not respond within 60 s.',
      remedy: 'Check the other alarms about hosts; with ACCESS_LOGS=on, the access logs show the requests.',
    },
    {
      id: 'backend-connection-errors',
      watches: elb('BackendConnectionErrors', 'Sum'),
      comparison: 'GreaterThanThreshold',
      threshold: 0,
      period: 60,
      breaches: [3, 5],
      missing: 'notBreaching',
      why: 'The ELB cannot connect to a host: the service on the host does not listen, or a security group or network ACL blocks the connection.',
      remedy: 'GET /elb/{elbName}/health shows the host; check its container and the rules for port 8000.',
    },
    {
      id: 'latency-p95',
      watches: elb('Latency', 'p95'),
      comparison: 'GreaterThanThreshold',
      threshold: 1,
      period: 60,
      breaches: [5, 5],
      missing: 'notBreaching',
      why: 'One in 20 requests takes longer than 1 s; cached lists take milliseconds.',
      remedy:
        'Requests with ?wait= take a long time by design; otherwise check AWS and the call budget in GET /status, then the CPU utilization.',
    },
  ];
}

/** Returns the threshold of an alarm for a scaling target, as a percentage. */
function halfwayTo100(target: number): number {
  return (target + 100) / 2;
}

function hostAlarms(service: WatchedService): Alarm[] {
  const { targets } = service;
  const ec2 = (name: string, statistic: Statistic): Metric => ({
    namespace: 'AWS/EC2',
    name,
    statistic,
    dimensions: service.hostDimensions,
  });
  const failed = {
    comparison: 'GreaterThanThreshold',
    threshold: 0,
    period: 60,
    missing: 'notBreaching',
  } as const;
  return [
    {
      id: 'cpu',
      watches: {
        label: 'CPU, as a percentage of one vCPU',
        expression: `cpu * ${service.vcpus}`,
        metrics: { cpu: ec2('CPUUtilization', 'Average') },
      },
      comparison: 'GreaterThanThreshold',
      threshold: halfwayTo100(targets.cpu),
      period: 300,
      breaches: [3, 3],
      missing: 'notBreaching',
      why: `The API uses most of its vCPU: scaling (target: ${targets.cpu.toString()}) is too slow, or the group is at its maximum size.`,
      remedy: 'Raise MAX_HOSTS, or use an INSTANCE_TYPE with faster vCPUs; more vCPUs do not help.',
    },
    {
      id: 'api-memory',
      watches: {
        label: 'memory of the API, as a percentage of its limit',
        expression: `100 * rss / ${containerMemoryBytes.toString()}`,
        metrics: { rss: apiMemoryMetric(service.metricNamespace, 'Maximum') },
      },
      comparison: 'GreaterThanThreshold',
      threshold: halfwayTo100(targets.memory),
      period: 300,
      breaches: [3, 3],
      missing: 'notBreaching',
      why: 'The kernel kills the API process when the container reaches its memory limit; Docker then restarts it.',
      remedy:
        'If the memory grows steadily on the dashboard, the API has a memory leak: redeploy it and report the leak; otherwise raise MAX_HOSTS.',
    },
    {
      id: 'memory',
      watches: memoryMetric(service.metricNamespace, 'Maximum'),
      comparison: 'GreaterThanThreshold',
      threshold: 90,
      period: 300,
      breaches: [3, 3],
      missing: 'notBreaching',
      why: 'A host is about to run out of memory and kill processes.',
      remedy: 'Find the process with docker stats or ps; replace the host, or use a larger INSTANCE_TYPE.',
    },
    ...(service.single
      ? ([
          {
            id: 'status-check-system',
            watches: ec2('StatusCheckFailed_System', 'Maximum'),
            ...failed,
            breaches: [2, 2],
            why: 'The physical machine of the host has failed.',
            remedy:
              'EC2 moves the host to another machine; if it does not, replace the host with terraform apply -replace.',
            recovery: 'recover',
          },
          {
            id: 'status-check-instance',
            watches: ec2('StatusCheckFailed_Instance', 'Maximum'),
            ...failed,
            breaches: [3, 3],
            why: 'The operating system does not respond.',
            remedy: 'EC2 reboots the host; if the alarm returns, read the system log of the host.',
            recovery: 'reboot',
          },
        ] as const)
      : ([
          {
            id: 'status-check',
            watches: ec2('StatusCheckFailed', 'Maximum'),
            ...failed,
            breaches: [3, 3],
            why: 'A host or its physical machine has failed.',
            remedy:
              'The group replaces the host; if the alarm does not end, read the activity history of the group.',
          },
        ] as const)),
    {
      id: 'no-data',
      watches: memoryMetric(service.metricNamespace, 'SampleCount'),
      comparison: 'LessThanThreshold',
      threshold: 1,
      period: 300,
      breaches: [3, 3],
      missing: 'breaching',
      why: 'No host reports metrics: there is no host, or the network or the CloudWatch agent of the host has failed; the other alarms have no data.',
      remedy:
        'Check that hosts are running; then, in a shell on a host, run systemctl status amazon-cloudwatch-agent.',
    },
  ];
}
