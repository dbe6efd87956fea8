import type { Behaviour } from './undocumented-behaviour.ts';
import type { Instance, InstanceState } from './instance.ts';
import type { HealthCheck, LoadBalancerSpec } from './load-balancer-spec.ts';

/** A registered instance. `verdict` is the last result of its health checks. */
export interface Membership {
  readonly instanceId: string;
  /** In milliseconds since 1970. */
  readonly registeredAt: number;
  verdict: 'registering' | 'in-service' | 'failed';
}

/** An entry in the response to DescribeInstanceHealth (ELB service model, InstanceState). */
export interface InstanceHealth {
  readonly instanceId: string;
  readonly state: 'InService' | 'OutOfService' | 'Unknown';
  readonly reasonCode: 'ELB' | 'Instance' | 'N/A';
  readonly description: string;
}

/**
 * Updates `member.verdict` to the result at `now`, as described in the Classic Load Balancer user guide, health checks.
 */
export function observe(member: Membership, instance: Instance, check: HealthCheck, now: number): void {
  if (instance.state !== 'running') {
    member.verdict = 'failed';
    return;
  }
  const streak = now - Math.max(member.registeredAt, instance.checkSince);
  const passing = instance.check === 'passing';
  const threshold = passing ? check.healthyThreshold : check.unhealthyThreshold;
  if (streak >= threshold * check.interval * 1000) member.verdict = passing ? 'in-service' : 'failed';
}

/** Returns the health of a draining instance, as described in the user guide, "Configure connection draining". */
export function drainingHealth(instanceId: string): InstanceHealth {
  const description = 'Instance deregistration currently in progress.';
  return { instanceId, state: 'InService', reasonCode: 'N/A', description };
}

/** The service model contains no descriptions for these two states. */
const DESCRIBED_AS: Partial<Record<InstanceState, InstanceState>> = {
  stopping: 'stopped',
  'shutting-down': 'terminated',
};

/** Returns the health of a member at `now`, with the descriptions from the service model. */
export function memberHealth(
  member: Membership,
  instance: Instance | undefined,
  { healthCheck, availabilityZones }: LoadBalancerSpec,
  now: number,
): InstanceHealth {
  const { instanceId } = member;
  if (!instance) {
    const description = 'A transient error occurred. Please try again later.';
    return { instanceId, state: 'Unknown', reasonCode: 'ELB', description };
  }
  observe(member, instance, healthCheck, now);
  if (instance.state !== 'running') {
    const state = DESCRIBED_AS[instance.state] ?? instance.state;
    return outOfService(instanceId, 'Instance', `Instance is in ${state} state.`);
  }
  if (!availabilityZones.includes(instance.availabilityZone)) {
    const zone =
      'Instance is in the EC2 Availability Zone for which LoadBalancer is not configured to route traffic to.';
    return outOfService(instanceId, 'ELB', zone);
  }
  if (member.verdict === 'in-service') {
    return { instanceId, state: 'InService', reasonCode: 'N/A', description: 'N/A' };
  }
  if (member.verdict === 'registering') {
    return outOfService(instanceId, 'ELB', 'Instance registration is still in progress.');
  }
  const failure =
    instance.check === 'failing'
      ? 'Instance has failed at least the UnhealthyThreshold number of health checks consecutively.'
      : 'Instance has not passed the configured HealthyThreshold number of health checks consecutively.';
  return outOfService(instanceId, 'Instance', failure);
}

function outOfService(
  instanceId: string,
  reasonCode: 'ELB' | 'Instance',
  description: string,
): InstanceHealth {
  return { instanceId, state: 'OutOfService', reasonCode, description };
}

/** Returns the health of a former member, or undefined if DescribeInstanceHealth rejects it. */
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
