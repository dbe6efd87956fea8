import { AwsError } from '../protocol/aws-error.ts';
import type { Region } from '../region/region.ts';
import { xml, type Query } from '../protocol/query-protocol.ts';
import { instancesXml } from './describe-load-balancers.ts';

/** Returns the complete updated list (ELB service model). Throws the same AwsErrors as LoadBalancer.register. */
export function registerInstances(region: Region, query: Query): string {
  const balancer = region.loadBalancer(readName(query));
  balancer.register(readInstances(query));
  return instancesXml(balancer.listed);
}

/** Returns the complete updated list (ELB service model). Throws the same AwsErrors as LoadBalancer.deregister. */
export function deregisterInstances(region: Region, query: Query): string {
  const balancer = region.loadBalancer(readName(query));
  balancer.deregister(readInstances(query));
  return instancesXml(balancer.listed);
}

/**
 * Returns the health of the given instances or, by default, of all instances. Throws the same AwsErrors as
 * LoadBalancer.health.
 */
export function describeInstanceHealth(region: Region, query: Query): string {
  const ids = query.list('Instances.member', '.InstanceId');
  const states = region.loadBalancer(readName(query)).health(ids.length > 0 ? ids : undefined);
  return xml({
    InstanceStates: {
      member: states.map(({ instanceId, state, reasonCode, description }) => ({
        InstanceId: instanceId,
        State: state,
        ReasonCode: reasonCode,
        Description: description,
      })),
    },
  });
}

/** @throws AwsError LoadBalancerNotFound */
export function describeLoadBalancerAttributes(region: Region, query: Query): string {
  const { connectionDraining } = region.loadBalancer(readName(query)).spec;
  return xml({
    LoadBalancerAttributes: {
      CrossZoneLoadBalancing: { Enabled: true },
      AccessLog: { Enabled: false },
      ConnectionDraining: { Enabled: connectionDraining.enabled, Timeout: connectionDraining.timeout },
      ConnectionSettings: { IdleTimeout: 60 },
      AdditionalAttributes: { member: { Key: 'elb.http.desyncmitigationmode', Value: 'defensive' } },
    },
  });
}

function readName(query: Query): string {
  return query.get('LoadBalancerName') ?? missing('loadBalancerName');
}

function readInstances(query: Query): readonly string[] {
  const ids = query.list('Instances.member', '.InstanceId');
  return ids.length > 0 ? ids : missing('instances');
}

function missing(member: string): never {
  const constraint = 'failed to satisfy constraint: Member must not be null';
  throw new AwsError(
    'ValidationError',
    `1 validation error detected: Value null at '${member}' ${constraint}`,
  );
}
