/** The properties of hosts that the stack uses, for a group or a single host. */
export interface RunningHosts {
  readonly instanceIds: string[];
  /** In the order of instanceIds: the public addresses, or the private ones if a host has no public address. */
  readonly addresses: string[];
  /** Dimensions of EC2 metrics: the group or the instance. */
  readonly metricDimensions: Readonly<Record<string, string>>;
}
