import type { AwsTrace } from '../telemetry.ts';
import type { ElbName, InstanceId, MachineInfo } from './machine.ts';

/**
 * The way to AWS, in domain types. Every method throws DomainError: `aws_throttled`, `aws_refused`, `aws_unreachable`
 * (nothing came back within the trace's deadline or the client's limits) or `aws_failed`, beside what it names itself.
 */
export interface LoadBalancerGateway {
  /** Returns the ids of the members in AWS's order, each once. Throws `elb_not_found`. */
  describeMembers(elbName: ElbName, trace: AwsTrace): Promise<InstanceId[]>;
  /** Returns what EC2 describes of these instances; ids that it does not know are left out. */
  describeMachines(
    instanceIds: readonly InstanceId[],
    trace: AwsTrace,
  ): Promise<Map<InstanceId, MachineInfo>>;
  /** Returns what EC2 describes of one instance. Throws `instance_refused` with EC2's reason where it knows none. */
  describeMachine(instanceId: InstanceId, trace: AwsTrace): Promise<MachineInfo>;
  /** Attaches the instance; harmless where it is a member. Throws `elb_not_found` or `instance_refused`, with AWS's reason. */
  register(elbName: ElbName, instanceId: InstanceId, trace: AwsTrace): Promise<void>;
  /** Detaches the instance. Throws `elb_not_found` or `instance_refused`, with AWS's reason. */
  deregister(elbName: ElbName, instanceId: InstanceId, trace: AwsTrace): Promise<void>;
}
