/** Options for AWS behaviour that is undocumented or reported inconsistently. */
export interface Behaviour {
  /** Whether an instance that is registered while it drains is dropped when draining ends. No source documents this. */
  readonly draining: 'drop' | 'keep';
  /** Whether DescribeLoadBalancers and the responses to changes list draining instances. */
  readonly listDraining: boolean;
  /**
   * The number of seconds after Register during which DescribeInstanceHealth does not return the member
   * (aws/aws-cli#2714).
   */
  readonly registrationLag: number;
  /**
   * The health of a former member if it is requested by id: OutOfService for 5 s after draining and then
   * InvalidInstance (`fading`), always OutOfService (aws/aws-cli#2723), Unknown (getmoto/moto#1748), or
   * InvalidInstance.
   */
  readonly formerMembers: (typeof FORMER_MEMBERS)[number];
}

export const DRAINING = ['drop', 'keep'] as const;
export const FORMER_MEMBERS = ['fading', 'out-of-service', 'unknown', 'invalid-instance'] as const;

export const DEFAULT_BEHAVIOUR: Behaviour = {
  draining: 'keep',
  listDraining: false,
  registrationLag: 0,
  formerMembers: 'fading',
};
