/** The properties of hosts that the stack uses, for a group or a single host. */
export interface RunningHosts {
  readonly instanceIds: string[];
  /** In the order of instanceIds; empty for hosts without public addresses. */
  readonly publicAddresses: string[];
  /** Dimensions of EC2 metrics: the group or the instance. */
  readonly metricDimensions: Readonly<Record<string, string>>;
}
