import { DescribeInstancesCommand, type Instance } from '@aws-sdk/client-ec2';
import {
  DeregisterInstancesFromLoadBalancerCommand,
  DescribeLoadBalancersCommand,
  RegisterInstancesWithLoadBalancerCommand,
} from '@aws-sdk/client-elastic-load-balancing';
import { DomainError } from '../errors.ts';
import type { LoadBalancerGateway } from '../load-balancers/load-balancer-gateway.ts';
import {
  type ElbName,
  type InstanceId,
  type MachineInfo,
  parseInstanceId,
} from '../load-balancers/machine.ts';
import type { AwsLedger, AwsTrace } from '../telemetry.ts';
import { elbNotFound, isThrottling, toDomainError } from './aws-errors.ts';
import type { AwsClients } from './clients.ts';

/** The most values that EC2 takes in one filter (FilterLimitExceeded beyond: outscale/cloud-provider-osc#84). */
const filterLimit = 200;

type AwsOutput = { readonly $metadata: { readonly requestId?: string | undefined } };

/** Reaches classic load balancers and EC2 through the AWS SDK. */
export class ClassicElbGateway implements LoadBalancerGateway {
  readonly #clients: AwsClients;
  readonly #ledger: AwsLedger;

  constructor(clients: AwsClients, ledger: AwsLedger) {
    this.#clients = clients;
    this.#ledger = ledger;
  }

  async describeMembers(elbName: ElbName, trace: AwsTrace): Promise<InstanceId[]> {
    const command = new DescribeLoadBalancersCommand({ LoadBalancerNames: [elbName] });
    const { LoadBalancerDescriptions } = await this.#elb('DescribeLoadBalancers', elbName, trace, (options) =>
      this.#clients.elb.send(command, options),
    );
    const described = LoadBalancerDescriptions?.find(({ LoadBalancerName }) => LoadBalancerName === elbName);
    if (described === undefined) throw elbNotFound(elbName, `in ${this.#clients.region}`);
    const ids = (described.Instances ?? []).map(({ InstanceId }) => InstanceId as InstanceId);
    return [...new Set(ids)];
  }

  async describeMachines(
    instanceIds: readonly InstanceId[],
    trace: AwsTrace,
  ): Promise<Map<InstanceId, MachineInfo>> {
    const batches: Promise<MachineInfo[]>[] = [];
    for (let start = 0; start < instanceIds.length; start += filterLimit) {
      const Values = instanceIds.slice(start, start + filterLimit);
      batches.push(
        this.#describeInstances({ Filters: [{ Name: 'instance-id', Values }], MaxResults: 1000 }, trace),
      );
    }
    return new Map((await Promise.all(batches)).flat().map((machine) => [machine.instanceId, machine]));
  }

  async describeMachine(instanceId: InstanceId, trace: AwsTrace): Promise<MachineInfo> {
    const [machine] = await this.#describeInstances({ InstanceIds: [instanceId] }, trace);
    if (machine === undefined)
      throw new DomainError('instance_refused', `AWS refused the instance: EC2 describes no ${instanceId}`);
    return machine;
  }

  async register(elbName: ElbName, instanceId: InstanceId, trace: AwsTrace): Promise<void> {
    const command = new RegisterInstancesWithLoadBalancerCommand({
      LoadBalancerName: elbName,
      Instances: [{ InstanceId: instanceId }],
    });
    await this.#elb('RegisterInstancesWithLoadBalancer', elbName, trace, (options) =>
      this.#clients.elb.send(command, options),
    );
  }

  async deregister(elbName: ElbName, instanceId: InstanceId, trace: AwsTrace): Promise<void> {
    const command = new DeregisterInstancesFromLoadBalancerCommand({
      LoadBalancerName: elbName,
      Instances: [{ InstanceId: instanceId }],
    });
    await this.#elb('DeregisterInstancesFromLoadBalancer', elbName, trace, (options) =>
      this.#clients.elb.send(command, options),
    );
  }

  async #describeInstances(
    input: ConstructorParameters<typeof DescribeInstancesCommand>[0],
    trace: AwsTrace,
  ): Promise<MachineInfo[]> {
    const machines: MachineInfo[] = [];
    let NextToken: string | undefined;
    do {
      const command = new DescribeInstancesCommand({ ...input, NextToken });
      const page = await this.#traced(
        { action: 'ec2:DescribeInstances', region: this.#clients.region },
        trace,
        (options) => this.#clients.ec2.send(command, options),
      );
      for (const { Instances } of page.Reservations ?? [])
        machines.push(...(Instances ?? []).flatMap(toMachineInfo));
      NextToken = page.NextToken;
    } while (NextToken);
    return machines;
  }

  #elb<Output extends AwsOutput>(
    action: string,
    elbName: ElbName,
    trace: AwsTrace,
    send: (options: { abortSignal: AbortSignal }) => Promise<Output>,
  ): Promise<Output> {
    return this.#traced(
      { action: `elasticloadbalancing:${action}`, region: this.#clients.region, elbName },
      trace,
      send,
    );
  }

  async #traced<Output extends AwsOutput>(
    request: { action: string; region: string; elbName?: ElbName },
    trace: AwsTrace,
    send: (options: { abortSignal: AbortSignal }) => Promise<Output>,
  ): Promise<Output> {
    try {
      const output = await send({ abortSignal: trace.deadline });
      this.#ledger.record(request.action, 'ok');
      if (output.$metadata.requestId !== undefined) trace.requestIds.push(output.$metadata.requestId);
      return output;
    } catch (error) {
      this.#ledger.record(request.action, isThrottling(error) ? 'throttled' : 'failed');
      const requestId = (error as Partial<AwsOutput>).$metadata?.requestId;
      if (requestId !== undefined) trace.requestIds.push(requestId);
      throw toDomainError(error, request);
    }
  }
}

function toMachineInfo({ InstanceId, InstanceType, LaunchTime }: Instance): MachineInfo[] {
  const instanceId = parseInstanceId(InstanceId ?? '');
  return instanceId === undefined ? [] : [{ instanceId, instanceType: InstanceType, launchDate: LaunchTime }];
}
