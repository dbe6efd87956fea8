import type { ElbName, Members } from './instance.ts';

/** A load balancer port and the instance port to which it forwards. */
export interface Listener {
  readonly protocol: string;
  readonly loadBalancerPort: number | undefined;
  readonly instanceProtocol: string;
  readonly instancePort: number | undefined;
}

/** How a load balancer checks its members. The thresholds are numbers of consecutive checks. */
export interface HealthCheck {
  /** `HTTP:8000/healthcheck` */
  readonly target: string;
  readonly intervalSeconds: number | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly unhealthyThreshold: number | undefined;
  readonly healthyThreshold: number | undefined;
}

/** The properties of a classic load balancer besides its members; undefined if AWS does not return them. */
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

/** A load balancer as DescribeLoadBalancers returns it. */
export interface LoadBalancerDescription {
  readonly members: Members;
  readonly traits: LoadBalancerTraits;
}

export interface LoadBalancer extends LoadBalancerDescription {
  readonly elbName: ElbName;
}
