import type { ElbName, Members } from './instance.ts';

/** A port of a load balancer, and the port of its members to which it leads. */
export interface Listener {
  readonly protocol: string;
  readonly loadBalancerPort: number | undefined;
  readonly instanceProtocol: string;
  readonly instancePort: number | undefined;
}

/** How a load balancer tells whether a member is healthy: so many checks in a row change its mind. */
export interface HealthCheck {
  /** `HTTP:8000/healthcheck` */
  readonly target: string;
  readonly intervalSeconds: number | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly unhealthyThreshold: number | undefined;
  readonly healthyThreshold: number | undefined;
}

/** What AWS tells of a classic load balancer beside its members; undefined where it tells nothing. */
export interface LoadBalancerTraits {
  readonly dnsName: string | undefined;
  /** `internet-facing` or `internal`. */
  readonly scheme: string | undefined;
  readonly vpcId: string | undefined;
  readonly availabilityZones: readonly string[];
  readonly listeners: readonly Listener[];
  readonly healthCheck: HealthCheck | undefined;
  readonly createdDate: Date | undefined;
}

/** A load balancer as DescribeLoadBalancers tells it. */
export interface LoadBalancerDescription {
  readonly members: Members;
  readonly traits: LoadBalancerTraits;
}

export interface LoadBalancer extends LoadBalancerDescription {
  readonly elbName: ElbName;
}
