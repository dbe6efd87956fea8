import type { AwsTrace } from '../telemetry/aws-trace.ts';
import type { MemberHealth } from './member-health.ts';
import type { LoadBalancerDescription } from './load-balancer.ts';
import type { ElbName, InstanceId, MachineInfo, Members } from './instance.ts';

/**
 * The priority of a call in the call budget: `urgent` for checks before changes, `patient` for the polling of waits.
 */
export type Urgency = 'urgent' | 'ordinary' | 'patient';

/**
 * The port to AWS. In addition to the errors that are documented on a method, each method throws a DomainError with the
 * code `aws_throttled`, `aws_refused`, `no_aws_credentials` or `aws_failed`, or `aws_unreachable` if no response
 * arrived before the deadline of the trace or the timeouts of the client.
 */
export interface LoadBalancerGateway {
  /** Returns every Classic Load Balancer in the region. */
  describeRegion(trace: AwsTrace): Promise<Map<ElbName, LoadBalancerDescription>>;
  /** Returns one load balancer. Throws `elb_not_found`. */
  describeLoadBalancer(elbName: ElbName, trace: AwsTrace): Promise<LoadBalancerDescription>;
  /** Returns the EC2 descriptions of at most 200 instances. Omits ids that EC2 does not describe. */
  describeInstances(instanceIds: Members, trace: AwsTrace): Promise<Map<InstanceId, MachineInfo>>;
  /**
   * Returns the health of these instances or, without ids, of all instances of the load balancer except terminated
   * ones. Throws `elb_not_found`, and `instance_refused` if AWS rejects one of the ids.
   */
  describeHealth(
    elbName: ElbName,
    instanceIds: Members | undefined,
    urgency: Urgency,
    trace: AwsTrace,
  ): Promise<MemberHealth[]>;
  /** Returns the connection draining timeout in seconds, or 0 if draining is disabled. Throws `elb_not_found`. */
  describeDraining(elbName: ElbName, trace: AwsTrace): Promise<number>;
  /**
   * Attaches the instances and returns the members in the response from AWS. Attaching a member has no effect. Throws
   * `elb_not_found` or `instance_refused`; in these cases, AWS attached none of the instances.
   */
  register(elbName: ElbName, instanceIds: Members, trace: AwsTrace): Promise<Members>;
  /**
   * Detaches the instances and returns the members in the response from AWS. Returns undefined if that response was
   * lost and a retry showed that AWS had detached them. Throws `elb_not_found` or `instance_refused`.
   */
  deregister(elbName: ElbName, instanceIds: Members, trace: AwsTrace): Promise<Members | undefined>;
}
