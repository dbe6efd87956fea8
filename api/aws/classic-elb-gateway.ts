import { DescribeInstancesCommand, type DescribeInstancesCommandInput } from '@aws-sdk/client-ec2';
import {
  DeregisterInstancesFromLoadBalancerCommand,
  DescribeInstanceHealthCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  type DescribeLoadBalancersCommandInput,
  type Instance as Member,
  RegisterInstancesWithLoadBalancerCommand,
} from '@aws-sdk/client-elastic-load-balancing';
import { DomainError, elbNotFound, notDescribed } from '../errors.ts';
import type { MemberHealth } from '../load-balancers/health.ts';
import type { LoadBalancerDescription } from '../load-balancers/load-balancer.ts';
import type { LoadBalancerGateway, Members, Urgency } from '../load-balancers/load-balancer-gateway.ts';
import {
  type ElbName,
  type InstanceId,
  type MachineInfo,
  parseInstanceId,
} from '../load-balancers/machine.ts';
import type { AwsLedger, AwsTrace, GateState } from '../telemetry.ts';
import { type AwsRequest, callAws, type Command } from './aws-caller.ts';
import { CallGate } from './call-gate.ts';
import type { AwsClients } from './clients.ts';
import { callAwsForDocument } from './document-caller.ts';
import { toDescription, toHealth } from './elb-documents.ts';
import { childrenOf, textOf, type XmlElement } from './xml-document.ts';

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

  /** How much AWS may be asked by kind of call, and who made somebody wait. */
  get gates(): GateState[] {
    return [this.#elbReads.state, this.#ec2Reads.state, this.#elbWrites.state];
  }

  async describeRegion(trace: AwsTrace): Promise<Map<ElbName, LoadBalancerDescription>> {
    const region = new Map<ElbName, LoadBalancerDescription>();
    let Marker: string | undefined;
    do {
      const page = await this.#describeLoadBalancers({ PageSize: 400, Marker }, {}, trace);
      for (const one of childrenOf(page, 'LoadBalancerDescriptions')) {
        region.set(textOf(one, 'LoadBalancerName') as ElbName, toDescription(one));
      }
      Marker = textOf(page, 'NextMarker');
    } while (Marker);
    return region;
  }

  async describeLoadBalancer(elbName: ElbName, trace: AwsTrace): Promise<LoadBalancerDescription> {
    const page = await this.#describeLoadBalancers(
      { LoadBalancerNames: [elbName] },
      { elbName, urgency: 'urgent' },
      trace,
    );
    const described = childrenOf(page, 'LoadBalancerDescriptions').find(
      (one) => textOf(one, 'LoadBalancerName') === elbName,
    );
    if (described === undefined) throw elbNotFound(elbName, this.#clients.region);
    return toDescription(described);
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
    throw notDescribed(instanceId);
  }

  async describeHealth(
    elbName: ElbName,
    instanceIds: Members | undefined,
    urgency: Urgency,
    trace: AwsTrace,
  ): Promise<MemberHealth[]> {
    const command = new DescribeInstanceHealthCommand({
      LoadBalancerName: elbName,
      Instances: instanceIds?.map((InstanceId) => ({ InstanceId })),
    });
    const result = await this.#readElb(
      'DescribeInstanceHealth',
      command,
      { elbName, urgency },
      trace,
      (options) => this.#clients.elb.send(command, options),
    );
    return childrenOf(result, 'InstanceStates').map(toHealth);
  }

  async describeDraining(elbName: ElbName, trace: AwsTrace): Promise<number> {
    const command = new DescribeLoadBalancerAttributesCommand({ LoadBalancerName: elbName });
    const result = await this.#readElb(
      'DescribeLoadBalancerAttributes',
      command,
      { elbName },
      trace,
      (options) => this.#clients.elb.send(command, options),
    );
    const path = ['LoadBalancerAttributes', 'ConnectionDraining'];
    return textOf(result, ...path, 'Enabled') === 'true' ? Number(textOf(result, ...path, 'Timeout')) : 0;
  }

  async register(elbName: ElbName, instanceIds: Members, trace: AwsTrace): Promise<Members> {
    const command = new RegisterInstancesWithLoadBalancerCommand({
      LoadBalancerName: elbName,
      Instances: instanceIds.map((InstanceId) => ({ InstanceId })),
    });
    const request = this.#elbWrite('RegisterInstancesWithLoadBalancer', elbName);
    const { Instances } = await callAws(command, request, trace, this.#ledger, (options) =>
      this.#clients.elb.send(command, options),
    );
    return listed(Instances);
  }

  async deregister(elbName: ElbName, instanceIds: Members, trace: AwsTrace): Promise<Members | undefined> {
    const command = new DeregisterInstancesFromLoadBalancerCommand({
      LoadBalancerName: elbName,
      Instances: instanceIds.map((InstanceId) => ({ InstanceId })),
    });
    const attempts = { count: 0 };
    const request = { ...this.#elbWrite('DeregisterInstancesFromLoadBalancer', elbName), attempts };
    try {
      const { Instances } = await callAws(command, request, trace, this.#ledger, (options) =>
        this.#clients.elb.send(command, options),
      );
      return listed(Instances);
    } catch (error) {
      // The instances were members a moment ago, so the attempt whose answer was lost has detached them.
      if (attempts.count > 1 && error instanceof DomainError && error.code === 'instance_refused')
        return undefined;
      throw error;
    }
  }

  /** Returns the result element of one page. */
  #describeLoadBalancers(
    input: DescribeLoadBalancersCommandInput,
    about: { elbName?: ElbName; urgency?: Urgency },
    trace: AwsTrace,
  ): Promise<XmlElement> {
    const command = new DescribeLoadBalancersCommand(input);
    return this.#readElb('DescribeLoadBalancers', command, about, trace, (options) =>
      this.#clients.elb.send(command, options),
    );
  }

  /** Returns the result element of the answer to a read. */
  async #readElb(
    name: string,
    command: Command,
    about: { elbName?: ElbName; urgency?: Urgency },
    trace: AwsTrace,
    send: Parameters<typeof callAws>[4],
  ): Promise<XmlElement> {
    const action = `elasticloadbalancing:${name}`;
    const request = {
      action,
      region: this.#clients.region,
      gate: this.#elbReads,
      pausesOnOutage: true,
      ...about,
    };
    const document = await callAwsForDocument(command, request, trace, this.#ledger, send);
    const [response] = document.children;
    const result = response?.children.find((child) => child.name === `${name}Result`);
    if (result === undefined) throw notAnAnswer(action);
    return result;
  }

  async #describeInstances(input: DescribeInstancesCommandInput, trace: AwsTrace): Promise<MachineInfo[]> {
    const action = 'ec2:DescribeInstances';
    const request = {
      action,
      region: this.#clients.region,
      gate: this.#ec2Reads,
      pausesOnOutage: true,
      keep: elementsOfInstances,
    };
    const machines: MachineInfo[] = [];
    let NextToken: string | undefined;
    do {
      const command = new DescribeInstancesCommand({ ...input, NextToken });
      const document = await callAwsForDocument(command, request, trace, this.#ledger, (options) =>
        this.#clients.ec2.send(command, options),
      );
      if (document.children[0]?.name !== 'DescribeInstancesResponse') throw notAnAnswer(action);
      for (const reservation of childrenOf(document, 'DescribeInstancesResponse', 'reservationSet')) {
        machines.push(...childrenOf(reservation, 'instancesSet').flatMap(toMachineInfo));
      }
      NextToken = textOf(document, 'DescribeInstancesResponse', 'nextToken');
    } while (NextToken);
    return machines;
  }

  #elbWrite(action: string, elbName: ElbName): AwsRequest {
    return {
      action: `elasticloadbalancing:${action}`,
      region: this.#clients.region,
      gate: this.#elbWrites,
      changes: true,
      elbName,
    };
  }
}

/** What is read of the 3 KB with which EC2 describes an instance. */
const elementsOfInstances = new Set([
  ...['DescribeInstancesResponse', 'reservationSet', 'instancesSet', 'item', 'nextToken'],
  ...['instanceId', 'instanceType', 'launchTime', 'vpcId'],
  ...['placement', 'availabilityZone', 'instanceState', 'name'],
]);

/** A proxy's page, say, must not be taken for a region without load balancers. */
function notAnAnswer(action: string): DomainError {
  return new DomainError('aws_failed', `something other than AWS answered ${action}`, {
    advice: 'check AWS_ENDPOINT_URL and any proxy on the way',
  });
}

function toMachineInfo(instance: XmlElement): MachineInfo[] {
  const instanceId = parseInstanceId(textOf(instance, 'instanceId') ?? '');
  const launchTime = textOf(instance, 'launchTime');
  if (instanceId === undefined) return [];
  return [
    {
      instanceId,
      instanceType: textOf(instance, 'instanceType'),
      launchDate: launchTime === undefined ? undefined : new Date(launchTime),
      availabilityZone: textOf(instance, 'placement', 'availabilityZone'),
      vpcId: textOf(instance, 'vpcId'),
      state: textOf(instance, 'instanceState', 'name'),
    },
  ];
}

/** The members that AWS lists after a change. */
function listed(instances: readonly Member[] | undefined): Members {
  return [...new Set((instances ?? []).map(({ InstanceId }) => InstanceId as InstanceId))];
}
