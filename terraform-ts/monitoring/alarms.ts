/** CloudWatch's statistics; a percentile is one of its extended ones. */
export type Statistic = 'Average' | 'Maximum' | 'Minimum' | 'SampleCount' | 'Sum' | `p${number}`;

export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly statistic: Statistic;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** Several metrics in one number, by CloudWatch's metric math. */
export interface MetricMath {
  readonly label: string;
  readonly expression: string;
  readonly metrics: Readonly<Record<string, Metric>>;
}

/** When it fires, and what a person woken by it is told. */
export interface Alarm {
  readonly id: string;
  readonly watches: Metric | MetricMath;
  readonly comparison: 'GreaterThanThreshold' | 'GreaterThanOrEqualToThreshold' | 'LessThanThreshold';
  readonly threshold: number;
  /** Seconds. */
  readonly period: number;
  /** How many of how many periods. */
  readonly breaches: readonly [count: number, of: number];
  /** What silence means. */
  readonly missing: 'breaching' | 'notBreaching';
  readonly why: string;
  readonly remedy: string;
  /** What EC2 does by itself. */
  readonly recovery?: 'recover' | 'reboot';
}

export interface WatchedService {
  readonly elbName: string;
  /** Of EC2's metrics: a group's or one instance's. */
  readonly hostDimensions: Readonly<Record<string, string>>;
  /** A single host is recovered by EC2; a group replaces its hosts by itself. */
  readonly single: boolean;
  readonly metricNamespace: string;
}

export function elbMetric(elbName: string, name: string, statistic: Statistic): Metric {
  return { namespace: 'AWS/ELB', name, statistic, dimensions: { LoadBalancerName: elbName } };
}

/** Memory in use in percent, of all hosts together: the CloudWatch agent sums it up over its dimensions. */
export function memoryMetric(namespace: string, statistic: Statistic): Metric {
  return { namespace, name: 'mem_used_percent', statistic, dimensions: {} };
}

/** Every alarm of the service. The table of README.md is held against this. */
export function alarmsOf(service: WatchedService): Alarm[] {
  return [...trafficAlarms(service.elbName), ...hostAlarms(service)];
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
      why: 'A host fails its health check and gets no requests.',
      remedy:
        'Ask GET /elb/{elbName}/health why; read the log of its container; a group replaces it by itself.',
    },
    {
      id: 'no-healthy-host',
      watches: elb('HealthyHostCount', 'Maximum'),
      comparison: 'LessThanThreshold',
      threshold: 1,
      period: 60,
      breaches: [2, 2],
      missing: 'breaching',
      why: 'Nobody answers: clients get 503. No host at all counts too.',
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
      why: 'Requests wait in the ELB, as hosts do not take them; at 1,024 it turns them away.',
      remedy: 'Look at CPU and latency; raise MAX_HOSTS or INSTANCE_TYPE.',
    },
    {
      id: 'spillover',
      watches: elb('SpilloverCount', 'Sum'),
      comparison: 'GreaterThanThreshold',
      threshold: 0,
      period: 60,
      breaches: [1, 1],
      missing: 'notBreaching',
      why: 'The queue was full: clients got 503 from the ELB.',
      remedy: 'Add hosts now (desired capacity of the group), then find who sends so much (ACCESS_LOGS=on).',
    },
    {
      id: 'backend-5xx',
      watches: {
        label: '5xx of the API, in percent',
        // Below 20 requests a minute one error would be a large share.
        expression: 'IF(requests >= 20, 100 * FILL(errors, 0) / requests, 0)',
        metrics: { errors: elb('HTTPCode_Backend_5XX', 'Sum'), requests: elb('RequestCount', 'Sum') },
      },
      comparison: 'GreaterThanThreshold',
      threshold: 5,
      period: 60,
      breaches: [3, 5],
      missing: 'notBreaching',
      why: 'The API answers, but with errors: AWS refuses, throttles or is slow, or we are broken.',
      remedy:
        'The message of the answer and GET /status name the AWS code; roll back if it began with a deploy.',
    },
    {
      id: 'latency-p95',
      watches: elb('Latency', 'p95'),
      comparison: 'GreaterThanThreshold',
      threshold: 1,
      period: 60,
      breaches: [5, 5],
      missing: 'notBreaching',
      why: 'One request in twenty takes longer than 1 s; lists come from memory in milliseconds.',
      remedy:
        'Calls with ?wait= take long by design; else GET /status tells whether AWS or its budget of calls is slow; then look at CPU.',
    },
  ];
}

function hostAlarms(service: WatchedService): Alarm[] {
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
      watches: ec2('CPUUtilization', 'Average'),
      comparison: 'GreaterThanThreshold',
      threshold: 90,
      period: 300,
      breaches: [3, 3],
      missing: 'notBreaching',
      why: 'Scaling, which aims at 80, does not keep up, or the group is at its maximum.',
      remedy: 'Raise MAX_HOSTS or INSTANCE_TYPE and apply.',
    },
    {
      id: 'memory',
      watches: memoryMetric(service.metricNamespace, 'Maximum'),
      comparison: 'GreaterThanThreshold',
      threshold: 90,
      period: 300,
      breaches: [3, 3],
      missing: 'notBreaching',
      why: 'The fullest host is about to kill processes.',
      remedy:
        'See on the dashboard whether it grows steadily (a leak: redeploy, then report it); else a larger INSTANCE_TYPE.',
    },
    ...(service.single
      ? ([
          {
            id: 'status-check-system',
            watches: ec2('StatusCheckFailed_System', 'Maximum'),
            ...failed,
            breaches: [2, 2],
            why: 'The machine under the host is broken.',
            remedy:
              'EC2 moves the host to another machine by itself; if it does not, replace it: terraform apply -replace.',
            recovery: 'recover',
          },
          {
            id: 'status-check-instance',
            watches: ec2('StatusCheckFailed_Instance', 'Maximum'),
            ...failed,
            breaches: [3, 3],
            why: 'The operating system does not answer.',
            remedy: 'EC2 reboots the host by itself; if it comes back ill, read its system log.',
            recovery: 'reboot',
          },
        ] as const)
      : ([
          {
            id: 'status-check',
            watches: ec2('StatusCheckFailed', 'Maximum'),
            ...failed,
            breaches: [3, 3],
            why: 'A host or the machine under it is broken.',
            remedy: 'The group replaces it by itself; if this stays, read its activity history.',
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
      why: 'No host reports: they are gone, cut off, or their agent is; the other alarms are blind.',
      remedy: 'Look whether hosts run at all; open a shell on one: systemctl status amazon-cloudwatch-agent.',
    },
  ];
}
