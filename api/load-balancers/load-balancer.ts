import type { ElbName, Members } from './instance.ts';

/** A port of the load balancer and the instance port to which it forwards. */
export interface Listener {
  readonly protocol: string;
  readonly loadBalancerPort: number | undefined;
  readonly instanceProtocol: string;
  readonly instancePort: number | undefined;
}

/** The settings with which a load balancer checks its members. The thresholds are numbers of consecutive checks. */
export interface HealthCheck {
  /** The checked URL, such as `HTTP:8000/healthcheck`. */
  readonly target: string;
  readonly intervalSeconds: number | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly unhealthyThreshold: number | undefined;
  readonly healthyThreshold: number | undefined;
}

/**
 * The properties of a Classic Load Balancer other than its members. Undefined values are values that AWS does not
 * return.
 */
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

/** A load balancer in the form in which DescribeLoadBalancers returns it. */
export interface LoadBalancerDescription {
  readonly members: Members;
  readonly traits: LoadBalancerTraits;
}

export interface LoadBalancer extends LoadBalancerDescription {
  readonly elbName: ElbName;
}
