import {
  apiMemoryMetric,
  elbMetric,
  memoryMetric,
  type Metric,
  type Statistic,
  type WatchedService,
} from './alarms';
import { serviceDimension, serviceMetrics } from './service-metrics';

/** The width in cells of the CloudWatch grid, which has 24 columns. */
const width = 8;
const height = 6;

interface Line {
  readonly metric: Metric;
  readonly label: string;
}

/** Returns the dashboard body. */
export function dashboardOf(service: WatchedService, region: string): object {
  const elb = (name: string, statistic: Statistic, label = name): Line => ({
    metric: elbMetric(service.elbName, name, statistic),
    label,
  });
  const cpu = (statistic: Statistic): Line => ({
    metric: { namespace: 'AWS/EC2', name: 'CPUUtilization', statistic, dimensions: service.hostDimensions },
    label: statistic,
  });
  const memory = (statistic: Statistic): Line => ({
    metric: memoryMetric(service.metricNamespace, statistic),
    label: statistic,
  });
  const apiMemory = (statistic: Statistic): Line => ({
    metric: apiMemoryMetric(service.metricNamespace, statistic),
    label: statistic,
  });
  const own = (metric: string, statistic: Statistic): Line[] => {
    const { name, by } = serviceMetrics.find((each) => each.name === metric) ?? { name: metric };
    const { metricNamespace: namespace, serviceMetrics: dimension = '' } = service;
    return (by?.values ?? [undefined]).map((value) => ({
      metric: {
        namespace,
        name,
        statistic,
        dimensions: {
          [serviceDimension]: dimension,
          ...(by && value !== undefined && { [by.label]: value }),
        },
      },
      label: value ?? statistic,
    }));
  };
  const charts: [title: string, unit: string, lines: Line[]][] = [
    ['Requests', 'a minute', [elb('RequestCount', 'Sum', 'requests')]],
    ['Latency', 'seconds', [elb('Latency', 'p50', 'p50'), elb('Latency', 'p95', 'p95')]],
    [
      'Hosts',
      'hosts',
      [elb('HealthyHostCount', 'Maximum', 'healthy'), elb('UnHealthyHostCount', 'Maximum', 'unhealthy')],
    ],
    ['Errors of the ELB', 'a minute', [elb('HTTPCode_ELB_4XX', 'Sum'), elb('HTTPCode_ELB_5XX', 'Sum')]],
    [
      'Errors of the API',
      'a minute',
      [elb('HTTPCode_Backend_4XX', 'Sum'), elb('HTTPCode_Backend_5XX', 'Sum')],
    ],
    ['Requests waiting in the ELB', 'requests', [elb('SurgeQueueLength', 'Maximum')]],
    [
      'Requests and connections that failed',
      'a minute',
      [elb('SpilloverCount', 'Sum'), elb('BackendConnectionErrors', 'Sum')],
    ],
    ['CPU', 'percent', [cpu('Average'), cpu('Maximum')]],
    ['Memory of the hosts', 'percent', [memory('Average'), memory('Maximum')]],
    ['Memory of the API', 'bytes', [apiMemory('Average'), apiMemory('Maximum')]],
    ...(service.serviceMetrics === undefined
      ? []
      : ([
          ['Attempts of AWS calls', 'a minute', own('elb_inventory_aws_attempts_total', 'Sum')],
          ['AWS calls delayed or not made', 'a minute', own('elb_inventory_calls_held_up_total', 'Sum')],
          [
            'Lists returned, by the state of the cache',
            'a minute',
            own('elb_inventory_cache_reads_total', 'Sum'),
          ],
          ['Age of the cache', 'seconds', own('elb_inventory_cache_age_seconds', 'Maximum')],
          ['Delay of the event loop, p99', 'seconds', own('nodejs_eventloop_delay_p99_seconds', 'Maximum')],
        ] as [string, string, Line[]][])),
  ];
  return {
    widgets: charts.map(([title, unit, lines], at) => ({
      type: 'metric',
      x: (at * width) % 24,
      y: Math.floor((at * width) / 24) * height,
      width,
      height,
      properties: {
        title,
        region,
        view: 'timeSeries',
        period: 60,
        metrics: lines.map(({ metric, label }) => [
          metric.namespace,
          metric.name,
          ...Object.entries(metric.dimensions).flat(),
          { stat: metric.statistic, label },
        ]),
        yAxis: { left: { label: unit, min: 0, showUnits: false } },
      },
    })),
  };
}
