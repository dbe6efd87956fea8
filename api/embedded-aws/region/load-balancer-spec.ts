import { createHash } from 'node:crypto';
import type { Behaviour } from './behaviour.ts';
import { MAIN_VPC, subnetsOf } from './network.ts';

/** A classic ELB's health check; `interval` and `timeout` in seconds. */
export interface HealthCheck {
  readonly target: string;
  readonly interval: number;
  readonly timeout: number;
  readonly unhealthyThreshold: number;
  readonly healthyThreshold: number;
}

/** What a classic ELB is, without its members. Never changed in place (its XML is kept by identity). */
export interface LoadBalancerSpec {
  readonly name: string;
  readonly dnsName: string;
  readonly scheme: 'internet-facing' | 'internal';
  readonly vpcId: string;
  readonly availabilityZones: readonly string[];
  readonly subnets: readonly string[];
  readonly healthCheck: HealthCheck;
  /** `timeout` in seconds, 1 to 3600 (UG). */
  readonly connectionDraining: { readonly enabled: boolean; readonly timeout: number };
  /** Milliseconds since 1970. */
  readonly createdTime: number;
  /** Where it behaves otherwise than the region. */
  readonly behaviour?: Partial<Behaviour>;
}

/** What a person or a test may set of a load balancer; what is absent stays, or is AWS's default. */
export interface LoadBalancerChange {
  /** The ids of the members. */
  instances?: string[];
  vpcId?: string;
  availabilityZones?: string[];
  healthCheck?: Partial<HealthCheck>;
  connectionDraining?: { enabled?: boolean; timeout?: number };
  behaviour?: Partial<Behaviour>;
}

/** A classic ELB as the AWS console creates one: zones a to c, health check and draining with AWS's defaults (UG). */
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

/** The specification after a change; what the change leaves out stays. */
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
