import type { LoadBalancer } from '../../../load-balancers/load-balancer.ts';
import type { Envelope } from './text.ts';

/**
 * Returns the load balancers in the given order, enveloped. `inServiceCount` is absent if `inService` does not contain
 * a count.
 */
export function presentLoadBalancers(
  loadBalancers: readonly LoadBalancer[],
  inService: ReadonlyMap<string, number>,
): Envelope<object[]> {
  return {
    message: loadBalancers.map(({ elbName, members, traits }) => ({
      elbName,
      dnsName: traits.dnsName ?? 'unknown',
      scheme: traits.scheme ?? 'unknown',
      vpcId: traits.vpcId ?? 'unknown',
      availabilityZones: traits.availabilityZones,
      listeners: traits.listeners,
      ...(traits.healthCheck !== undefined && { healthCheck: traits.healthCheck }),
      instanceCount: members.length,
      ...(inService.has(elbName) && { inServiceCount: inService.get(elbName) }),
      createdDate: traits.createdDate?.toISOString() ?? 'unknown',
    })),
  };
}
