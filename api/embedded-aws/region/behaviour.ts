import type { InstanceHealth } from './health.ts';

/** What AWS does where its documents are silent or reports differ: each can be chosen. */
export interface Behaviour {
  /** Whether a registration made while the instance drains is lost when the draining ends; no source shows either. */
  readonly draining: 'drop' | 'keep';
  /** Whether a draining instance is still listed by DescribeLoadBalancers and in the answers to changes. */
  readonly listDraining: boolean;
  /** For how many seconds after Register DescribeInstanceHealth does not know the member (aws/aws-cli#2714). */
  readonly registrationLag: number;
  /**
   * The health of a former member by id: OutOfService for 5 s after its draining and InvalidInstance then (`fading`),
   * OutOfService for good (aws/aws-cli#2723), Unknown (getmoto/moto#1748), or InvalidInstance.
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

/** The health of an instance that is no longer a member, as far as it has one. */
export function formerHealth(
  instanceId: string,
  { formerMembers }: Behaviour,
  justDrained: boolean,
): InstanceHealth | undefined {
  const description = 'Instance is not currently registered with the LoadBalancer.';
  if (formerMembers === 'unknown') return { instanceId, state: 'Unknown', reasonCode: 'N/A', description };
  if (formerMembers === 'out-of-service' || (formerMembers === 'fading' && justDrained))
    return { instanceId, state: 'OutOfService', reasonCode: 'ELB', description };
  return undefined;
}
