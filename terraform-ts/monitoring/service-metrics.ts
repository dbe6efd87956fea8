/** A metric of GET /metrics, and the label by whose values CloudWatch gets it; without a label, their sum or average. */
export interface ServiceMetric {
  readonly name: string;
  readonly by?: { readonly label: string; readonly values: readonly string[] };
}

/**
 * The metrics that the CloudWatch agent sends with METRICS=cloudwatch, as sums over the hosts. CloudWatch bills each value of
 * a label. No histogram, because the agent drops them (CloudWatch user guide, "Prometheus metric type conversion by the
 * CloudWatch Agent"); the ELB has the requests and their latency. A test compares them with docs/observability.md.
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

/** The dimension of every metric; without one, the agent sends none. */
export const serviceDimension = 'Service';

/** Returns the number of metrics that CloudWatch bills. */
export function billedServiceMetrics(): number {
  return serviceMetrics.reduce((sum, { by }) => sum + (by?.values.length ?? 1), 0);
}
