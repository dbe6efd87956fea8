import { createHash } from 'node:crypto';
import type { Behaviour } from './undocumented-behaviour.ts';
import { MAIN_VPC, subnetsOf } from './vpcs.ts';

/** A health check. `interval` and `timeout` are in seconds. */
export interface HealthCheck {
  readonly target: string;
  readonly interval: number;
  readonly timeout: number;
  readonly unhealthyThreshold: number;
  readonly healthyThreshold: number;
}

/** A Classic Load Balancer without its members. It is immutable, so that its XML can be cached by identity. */
export interface LoadBalancerSpec {
  readonly name: string;
  readonly dnsName: string;
  readonly scheme: 'internet-facing' | 'internal';
  readonly vpcId: string;
  readonly availabilityZones: readonly string[];
  readonly subnets: readonly string[];
  readonly healthCheck: HealthCheck;
  /** `timeout` is in seconds, from 1 to 3600 (Classic Load Balancer user guide). */
  readonly connectionDraining: { readonly enabled: boolean; readonly timeout: number };
  /** In milliseconds since 1970. */
  readonly createdTime: number;
  /** Overrides the behaviour of the region. */
  readonly behaviour?: Partial<Behaviour>;
}

/** A change of a load balancer. Absent fields keep their value or, in a new load balancer, have the AWS default. */
export interface LoadBalancerChange {
  /** The ids of the members. */
  instances?: string[];
  vpcId?: string;
  availabilityZones?: string[];
  healthCheck?: Partial<HealthCheck>;
  connectionDraining?: { enabled?: boolean; timeout?: number };
  behaviour?: Partial<Behaviour>;
}

/**
 * Returns a Classic Load Balancer in zones a to c with the defaults of the AWS console for the health check and
 * draining (user guide).
 */
export function newSpec(
  region: string,
  name: string,
  created: number | string,
  vpcId = MAIN_VPC,
): LoadBalancerSpec {
  const subnets = subnetsOf(vpcId, ['a', 'b', 'c']);
  return {
    name,
    dnsName: `${name}-${createHash('sha256').update(name).digest().readUInt32BE()}.${region}.elb.amazonaws.com`,
    scheme: 'internet-facing',
    vpcId,
    availabilityZones: subnets.map((subnet) => region + subnet.zone),
    subnets: subnets.map((subnet) => subnet.subnetId),
    healthCheck: {
      target: 'HTTP:8000/healthcheck',
      interval: 30,
      timeout: 5,
      unhealthyThreshold: 2,
      healthyThreshold: 10,
    },
    connectionDraining: { enabled: true, timeout: 300 },
    createdTime: new Date(created).getTime(),
  };
}

export function changedSpec(spec: LoadBalancerSpec, change: LoadBalancerChange): LoadBalancerSpec {
  const { vpcId = spec.vpcId, availabilityZones = spec.availabilityZones } = change;
  return {
    ...spec,
    vpcId,
    availabilityZones,
    healthCheck: { ...spec.healthCheck, ...change.healthCheck },
    connectionDraining: { ...spec.connectionDraining, ...change.connectionDraining },
    behaviour: { ...spec.behaviour, ...change.behaviour },
  };
}
