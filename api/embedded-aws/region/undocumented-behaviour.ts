/** Options for behaviour of AWS that is undocumented or reported inconsistently. */
export interface Behaviour {
  /** Whether a registration made during draining is lost when the draining ends; no source documents this. */
  readonly draining: 'drop' | 'keep';
  /** Whether DescribeLoadBalancers and the responses to changes list draining instances. */
  readonly listDraining: boolean;
  /** Seconds after Register during which DescribeInstanceHealth does not return the member (aws/aws-cli#2714). */
  readonly registrationLag: number;
  /**
   * The health of a former member by id: OutOfService for 5 s after its draining and then InvalidInstance (`fading`),
   * always OutOfService (aws/aws-cli#2723), Unknown (getmoto/moto#1748), or InvalidInstance.
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
