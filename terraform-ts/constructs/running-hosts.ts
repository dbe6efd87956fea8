/** The properties of hosts that the stack uses, for a group or a single host. */
export interface RunningHosts {
  readonly instanceIds: string[];
  /**
   * The addresses in the order of instanceIds: the public addresses or, if a host has no public address, the private
   * addresses.
   */
  readonly addresses: string[];
  /** The dimensions of EC2 metrics: the group or the instance. */
  readonly metricDimensions: Readonly<Record<string, string>>;
}
