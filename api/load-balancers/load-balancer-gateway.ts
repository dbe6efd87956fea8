import type { AwsTrace } from '../telemetry/aws-trace.ts';
import type { MemberHealth } from './member-health.ts';
import type { LoadBalancerDescription } from './load-balancer.ts';
import type { ElbName, InstanceId, MachineInfo, Members } from './instance.ts';

/** Who goes first where calls are short: the check before a change, a read, the next look of those who wait. */
export type Urgency = 'urgent' | 'ordinary' | 'patient';

/**
 * The way to AWS, in domain types. Every method throws DomainError: `aws_throttled`, `aws_refused`, `no_aws_credentials`, `aws_unreachable`
 * (nothing came back within the trace's deadline or the client's limits) or `aws_failed`, beside what it names itself.
 */
export interface LoadBalancerGateway {
  /** Returns every classic load balancer of the region. */
  describeRegion(trace: AwsTrace): Promise<Map<ElbName, LoadBalancerDescription>>;
  /** Returns one load balancer, for the check before a change. Throws `elb_not_found`. */
  describeLoadBalancer(elbName: ElbName, trace: AwsTrace): Promise<LoadBalancerDescription>;
  /** Returns what EC2 describes of at most 200 instances; ids that it does not know are left out. */
  describeInstances(instanceIds: Members, trace: AwsTrace): Promise<Map<InstanceId, MachineInfo>>;
  /**
   * Returns the health of these instances, or, without ids, of all that AWS has on the load balancer; terminated ones
   * are left out. Throws `elb_not_found`, and `instance_refused` where AWS does not know one of the ids there.
   */
  describeHealth(
    elbName: ElbName,
    instanceIds: Members | undefined,
    urgency: Urgency,
    trace: AwsTrace,
  ): Promise<MemberHealth[]>;
  /** Returns for how many seconds connections are drained at most; 0 where they are not. Throws `elb_not_found`. */
  describeDraining(elbName: ElbName, trace: AwsTrace): Promise<number>;
  /**
   * Attaches the instances, which is harmless where they are members, and returns the members AWS lists afterwards.
   * Throws `elb_not_found` or `instance_refused`, with AWS's reason: then it attached none.
   */
  register(elbName: ElbName, instanceIds: Members, trace: AwsTrace): Promise<Members>;
  /**
   * Detaches the instances and returns the members AWS lists afterwards, or undefined where AWS's answer was lost and
   * its next one tells that it is done. Throws `elb_not_found` or `instance_refused`, with AWS's reason.
   */
  deregister(elbName: ElbName, instanceIds: Members, trace: AwsTrace): Promise<Members | undefined>;
}
