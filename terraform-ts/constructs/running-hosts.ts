/** What the rest of the stack wants to know of hosts, however they are kept. */
export interface RunningHosts {
  readonly instanceIds: string[];
  /** In the order of instanceIds; empty for hosts without. */
  readonly publicAddresses: string[];
  /** Of EC2's metrics: the group's, or the instance's. */
  readonly metricDimensions: Readonly<Record<string, string>>;
}
