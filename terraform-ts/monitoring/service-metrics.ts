/**
 * A metric from GET /metrics, and the label whose values become separate metrics in CloudWatch. Without a label,
 * CloudWatch receives the sum or average of all series.
 */
export interface ServiceMetric {
  readonly name: string;
  readonly by?: { readonly label: string; readonly values: readonly string[] };
}

/**
 * The metrics that the CloudWatch agent sends with METRICS=cloudwatch, as sums over the hosts. CloudWatch bills each
 * value of a label. There are no histograms, because the agent drops them (CloudWatch user guide, "Prometheus metric
 * type conversion by the CloudWatch Agent"); the ELB provides the requests and their latency. A test compares these
 * metrics with docs/observability.md.
 */
export const serviceMetrics: readonly ServiceMetric[] = [
  {
    name: 'elb_inventory_aws_attempts_total',
    by: { label: 'outcome', values: ['ok', 'throttled', 'failed'] },
  },
  { name: 'elb_inventory_calls_held_up_total', by: { label: 'by', values: ['us', 'aws'] } },
  {
    name: 'elb_inventory_cache_reads_total',
    by: { label: 'result', values: ['hit', 'stale', 'miss-unknown', 'miss-expired', 'miss-on-request'] },
  },
  { name: 'elb_inventory_cache_age_seconds' },
  { name: 'elb_inventory_aws_working' },
  { name: 'elb_inventory_waiters' },
  { name: 'elb_inventory_refused_credentials_total' },
  { name: 'elb_inventory_log_lines_dropped_total' },
  { name: 'http_server_active_requests' },
  { name: 'nodejs_eventloop_delay_p99_seconds' },
];

/** The dimension of every metric. Without a dimension, the agent does not send a metric. */
export const serviceDimension = 'Service';

/** Returns the number of metrics that CloudWatch bills. */
export function billedServiceMetrics(): number {
  return serviceMetrics.reduce((sum, { by }) => sum + (by?.values.length ?? 1), 0);
}
