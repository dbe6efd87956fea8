import {
  DescribeInstancesCommand,
  type DescribeInstancesCommandInput,
  type Instance,
} from '@aws-sdk/client-ec2';
import {
  DeregisterInstancesFromLoadBalancerCommand,
  DescribeLoadBalancersCommand,
  type Instance as Member,
  RegisterInstancesWithLoadBalancerCommand,
} from '@aws-sdk/client-elastic-load-balancing';
import { DomainError, elbNotFound } from '../errors.ts';
import type { LoadBalancerGateway, Members } from '../load-balancers/load-balancer-gateway.ts';
import {
  type ElbName,
  type InstanceId,
  type MachineInfo,
  parseInstanceId,
} from '../load-balancers/machine.ts';
import type { AwsLedger, AwsTrace } from '../telemetry.ts';
import { type AwsRequest, callAws } from './aws-caller.ts';
import { CallGate } from './call-gate.ts';
import type { AwsClients } from './clients.ts';

/** Calls a second that reads may spend in the long run. */
export interface ReadBudget {
  readonly elbReadsPerSecond: number;
  readonly ec2ReadsPerSecond: number;
}

/** Reaches classic load balancers and EC2 through the AWS SDK. */
export class ClassicElbGateway implements LoadBalancerGateway {
  readonly #clients: AwsClients;
  readonly #ledger: AwsLedger;
  readonly #elbReads: CallGate;
  readonly #elbWrites = new CallGate({ name: 'changes' });
  readonly #ec2Reads: CallGate;

  constructor(clients: AwsClients, ledger: AwsLedger, budget: ReadBudget) {
    this.#clients = clients;
    this.#ledger = ledger;
    this.#elbReads = new CallGate({
      name: 'load balancer reads',
      perSecond: budget.elbReadsPerSecond,
      reserve: 2,
    });
    this.#ec2Reads = new CallGate({ name: 'instance reads', perSecond: budget.ec2ReadsPerSecond });
  }

  async describeRegion(trace: AwsTrace): Promise<Map<ElbName, Members>> {
    const region = new Map<ElbName, Members>();
    let Marker: string | undefined;
    do {
      const command = new DescribeLoadBalancersCommand({ PageSize: 400, Marker });
      const page = await callAws(command, this.#elbRead(), trace, this.#ledger, (options) =>
        this.#clients.elb.send(command, options),
      );
      for (const { LoadBalancerName, Instances } of page.LoadBalancerDescriptions ?? []) {
        region.set(LoadBalancerName as ElbName, toMembers(Instances));
      }
      Marker = page.NextMarker;
    } while (Marker);
    return region;
  }

  async describeMembers(elbName: ElbName, trace: AwsTrace): Promise<Members> {
    const command = new DescribeLoadBalancersCommand({ LoadBalancerNames: [elbName] });
    const request = { ...this.#elbRead(), elbName, urgent: true };
    const { LoadBalancerDescriptions } = await callAws(command, request, trace, this.#ledger, (options) =>
      this.#clients.elb.send(command, options),
    );
    const described = LoadBalancerDescriptions?.find(({ LoadBalancerName }) => LoadBalancerName === elbName);
    if (described === undefined) throw elbNotFound(elbName, this.#clients.region);
    return toMembers(described.Instances);
  }

  async describeMachines(instanceIds: Members, trace: AwsTrace): Promise<Map<InstanceId, MachineInfo>> {
    const machines = await this.#describeInstances(
      { Filters: [{ Name: 'instance-id', Values: [...instanceIds] }], MaxResults: 1000 },
      trace,
    );
    return new Map(machines.map((machine) => [machine.instanceId, machine]));
  }

  async describeMachine(instanceId: InstanceId, trace: AwsTrace): Promise<MachineInfo> {
    const [machine] = await this.#describeInstances({ InstanceIds: [instanceId] }, trace);
    if (machine !== undefined) return machine;
    throw new DomainError('instance_refused', `AWS refused the instance: EC2 describes no ${instanceId}`);
  }

  async register(elbName: ElbName, instanceId: InstanceId, trace: AwsTrace): Promise<Members> {
    const command = new RegisterInstancesWithLoadBalancerCommand({
      LoadBalancerName: elbName,
      Instances: [{ InstanceId: instanceId }],
    });
    const request = this.#elbWrite('RegisterInstancesWithLoadBalancer', elbName);
    const { Instances } = await callAws(command, request, trace, this.#ledger, (options) =>
      this.#clients.elb.send(command, options),
    );
    return toMembers(Instances);
  }

  async deregister(elbName: ElbName, instanceId: InstanceId, trace: AwsTrace): Promise<Members | undefined> {
    const command = new DeregisterInstancesFromLoadBalancerCommand({
      LoadBalancerName: elbName,
      Instances: [{ InstanceId: instanceId }],
    });
    const attempts = { count: 0 };
    const request = { ...this.#elbWrite('DeregisterInstancesFromLoadBalancer', elbName), attempts };
    try {
      const { Instances } = await callAws(command, request, trace, this.#ledger, (options) =>
        this.#clients.elb.send(command, options),
      );
      return toMembers(Instances);
    } catch (error) {
      // The instance was a member a moment ago, so the attempt whose answer was lost has detached it.
      if (attempts.count > 1 && error instanceof DomainError && error.code === 'instance_refused')
        return undefined;
      throw error;
    }
  }

  async #describeInstances(input: DescribeInstancesCommandInput, trace: AwsTrace): Promise<MachineInfo[]> {
    const request = {
      action: 'ec2:DescribeInstances',
      region: this.#clients.region,
      gate: this.#ec2Reads,
      pausesOnOutage: true,
    };
    const machines: MachineInfo[] = [];
    let NextToken: string | undefined;
    do {
      const command = new DescribeInstancesCommand({ ...input, NextToken });
      const page = await callAws(command, request, trace, this.#ledger, (options) =>
        this.#clients.ec2.send(command, options),
      );
      for (const { Instances } of page.Reservations ?? [])
        machines.push(...(Instances ?? []).flatMap(toMachineInfo));
      NextToken = page.NextToken;
    } while (NextToken);
    return machines;
  }

  #elbRead(): AwsRequest {
    const action = 'elasticloadbalancing:DescribeLoadBalancers';
    return { action, region: this.#clients.region, gate: this.#elbReads, pausesOnOutage: true };
  }

  #elbWrite(action: string, elbName: ElbName): AwsRequest {
    return {
      action: `elasticloadbalancing:${action}`,
      region: this.#clients.region,
      gate: this.#elbWrites,
      elbName,
    };
  }
}

/** AWS's order, each instance once: moto lists one that was registered twice twice. */
function toMembers(instances: readonly Member[] | undefined): Members {
  return [...new Set((instances ?? []).map(({ InstanceId }) => InstanceId as InstanceId))];
}

function toMachineInfo({ InstanceId, InstanceType, LaunchTime }: Instance): MachineInfo[] {
  const instanceId = parseInstanceId(InstanceId ?? '');
  return instanceId === undefined ? [] : [{ instanceId, instanceType: InstanceType, launchDate: LaunchTime }];
}
