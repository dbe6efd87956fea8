import type { AwsTrace } from '../telemetry.ts';
import type { ElbName, InstanceId, MachineInfo } from './machine.ts';

/** The ids of a load balancer's members in AWS's order, each once. */
export type Members = readonly InstanceId[];

/**
 * The way to AWS, in domain types. Every method throws DomainError: `aws_throttled`, `aws_refused`, `aws_unreachable`
 * (nothing came back within the trace's deadline or the client's limits) or `aws_failed`, beside what it names itself.
 */
export interface LoadBalancerGateway {
  /** Returns the members of every classic load balancer of the region. */
  describeRegion(trace: AwsTrace): Promise<Map<ElbName, Members>>;
  /** Returns the members of one load balancer, for the check before a change. Throws `elb_not_found`. */
  describeMembers(elbName: ElbName, trace: AwsTrace): Promise<Members>;
  /** Returns what EC2 describes of at most 200 instances; ids that it does not know are left out. */
  describeMachines(instanceIds: Members, trace: AwsTrace): Promise<Map<InstanceId, MachineInfo>>;
  /** Returns what EC2 describes of one instance. Throws `instance_refused` with EC2's reason where it knows none. */
  describeMachine(instanceId: InstanceId, trace: AwsTrace): Promise<MachineInfo>;
  /**
   * Attaches the instance, which is harmless where it is a member, and returns the members AWS lists afterwards.
   * Throws `elb_not_found` or `instance_refused`, with AWS's reason.
   */
  register(elbName: ElbName, instanceId: InstanceId, trace: AwsTrace): Promise<Members>;
  /**
   * Detaches the instance and returns the members AWS lists afterwards, or undefined where AWS's answer was lost and
   * its next one tells that it is done. Throws `elb_not_found` or `instance_refused`, with AWS's reason.
   */
  deregister(elbName: ElbName, instanceId: InstanceId, trace: AwsTrace): Promise<Members | undefined>;
}
