import { elbNotFound } from '../load-balancers/failures.ts';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import {
  DeregisterInstancesFromLoadBalancerCommand,
  DescribeInstanceHealthCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  RegisterInstancesWithLoadBalancerCommand,
} from '@aws-sdk/client-elastic-load-balancing';
import { DomainError } from '../errors.ts';
import type { MemberHealth } from '../load-balancers/member-health.ts';
import type { LoadBalancerDescription } from '../load-balancers/load-balancer.ts';
import type { LoadBalancerGateway, Urgency } from '../load-balancers/load-balancer-gateway.ts';
import type { ElbName, InstanceId, MachineInfo, Members } from '../load-balancers/instance.ts';
import type { AwsLedger } from '../telemetry/aws-ledger.ts';
import type { AwsTrace } from '../telemetry/aws-trace.ts';
import type { BudgetState } from '../telemetry/budget-state.ts';
import type { Tracer } from '../telemetry/tracer.ts';
import type { Clock } from '../clock.ts';
import { AwsCall, type AwsRequest, type Command } from './aws-call.ts';
import { CallBudget } from './call-budget.ts';
import type { AwsClients } from './clients.ts';
import { elementsOfInstances, toMachineInfo } from './ec2-documents.ts';
import { requiredText, toDescription, toHealth, toMembers } from './elb-documents.ts';
import { childrenOf, textOf, wholeNumberOf, type XmlElement } from './xml-document.ts';

/** Any command for Elastic Load Balancing. The SDK has a separate type for each command. */
type ElbCommand = Command & Parameters<AwsClients['elb']['send']>[0];

/** Classic Load Balancer user guide, "Configure connection draining". */
const defaultDrainingSeconds = 300;

export interface ReadBudget {
  readonly elbReadsPerSecond: number;
  readonly ec2ReadsPerSecond: number;
}

/** Implements the gateway with Classic Load Balancers and EC2 through the AWS SDK. */
export class ClassicElbGateway implements LoadBalancerGateway {
  readonly #clients: AwsClients;
  readonly #ledger: AwsLedger;
  readonly #elbReads: CallBudget;
  readonly #elbWrites: CallBudget;
  readonly #ec2Reads: CallBudget;
  readonly #clock: Clock;
  readonly #tracer: Tracer | undefined;

  /** With a tracer, each call has a span. */
  constructor(clients: AwsClients, ledger: AwsLedger, budget: ReadBudget, clock: Clock, tracer?: Tracer) {
    this.#tracer = tracer;
    this.#clients = clients;
    this.#ledger = ledger;
    this.#clock = clock;
    this.#elbReads = new CallBudget({
      name: 'load balancer reads',
      perSecond: budget.elbReadsPerSecond,
      reserve: 2,
      clock,
    });
    this.#elbWrites = new CallBudget({ name: 'changes', clock });
    this.#ec2Reads = new CallBudget({ name: 'instance reads', perSecond: budget.ec2ReadsPerSecond, clock });
  }

  get budgets(): BudgetState[] {
    return [this.#elbReads.state, this.#ec2Reads.state, this.#elbWrites.state];
  }

  async describeRegion(trace: AwsTrace): Promise<Map<ElbName, LoadBalancerDescription>> {
    const region = new Map<ElbName, LoadBalancerDescription>();
    let Marker: string | undefined;
    do {
      const command = new DescribeLoadBalancersCommand({ PageSize: 400, Marker });
      const page = await this.#elb('DescribeLoadBalancers', {}, command, trace);
      for (const one of childrenOf(page, 'LoadBalancerDescriptions')) {
        region.set(requiredText(one, 'LoadBalancerName') as ElbName, toDescription(one));
      }
      Marker = textOf(page, 'NextMarker');
    } while (Marker);
    return region;
  }

  async describeLoadBalancer(elbName: ElbName, trace: AwsTrace): Promise<LoadBalancerDescription> {
    const command = new DescribeLoadBalancersCommand({ LoadBalancerNames: [elbName] });
    const page = await this.#elb('DescribeLoadBalancers', { elbName, urgency: 'urgent' }, command, trace);
    const described = childrenOf(page, 'LoadBalancerDescriptions').find(
      (one) => textOf(one, 'LoadBalancerName') === elbName,
    );
    if (described === undefined) throw elbNotFound(elbName, this.#clients.region);
    return toDescription(described);
  }

  async describeInstances(instanceIds: Members, trace: AwsTrace): Promise<Map<InstanceId, MachineInfo>> {
    const request = {
      action: 'ec2:DescribeInstances',
      budget: this.#ec2Reads,
      result: 'reservationSet',
      keep: elementsOfInstances,
    };
    const Filters = [{ Name: 'instance-id', Values: [...instanceIds] }];
    const instances = new Map<InstanceId, MachineInfo>();
    let NextToken: string | undefined;
    do {
      const command = new DescribeInstancesCommand({ Filters, MaxResults: 1000, NextToken });
      const call = this.#call(request, trace);
      const response = await call.send(command, (options) => this.#clients.ec2.send(command, options));
      for (const reservation of childrenOf(response, 'reservationSet'))
        for (const instance of childrenOf(reservation, 'instancesSet').flatMap(toMachineInfo))
          instances.set(instance.instanceId, instance);
      NextToken = textOf(response, 'nextToken');
    } while (NextToken);
    return instances;
  }

  async describeHealth(
    elbName: ElbName,
    instanceIds: Members | undefined,
    urgency: Urgency,
    trace: AwsTrace,
  ): Promise<MemberHealth[]> {
    const command = new DescribeInstanceHealthCommand({
      LoadBalancerName: elbName,
      Instances: instanceIds && toInstances(instanceIds),
    });
    const about = { elbName, urgency };
    const result = await this.#elb('DescribeInstanceHealth', about, command, trace);
    return childrenOf(result, 'InstanceStates').map(toHealth);
  }

  async describeDraining(elbName: ElbName, trace: AwsTrace): Promise<number> {
    const command = new DescribeLoadBalancerAttributesCommand({ LoadBalancerName: elbName });
    const about = { elbName };
    const result = await this.#elb('DescribeLoadBalancerAttributes', about, command, trace);
    const path = ['LoadBalancerAttributes', 'ConnectionDraining'];
    if (textOf(result, ...path, 'Enabled') !== 'true') return 0;
    return wholeNumberOf(result, ...path, 'Timeout') ?? defaultDrainingSeconds;
  }

  async register(elbName: ElbName, instanceIds: Members, trace: AwsTrace): Promise<Members> {
    const command = new RegisterInstancesWithLoadBalancerCommand({
      LoadBalancerName: elbName,
      Instances: toInstances(instanceIds),
    });
    const name = 'RegisterInstancesWithLoadBalancer';
    const result = await this.#elb(name, this.#change(elbName), command, trace);
    return toMembers(result);
  }

  async deregister(elbName: ElbName, instanceIds: Members, trace: AwsTrace): Promise<Members | undefined> {
    const command = new DeregisterInstancesFromLoadBalancerCommand({
      LoadBalancerName: elbName,
      Instances: toInstances(instanceIds),
    });
    const name = 'DeregisterInstancesFromLoadBalancer';
    const call = this.#elbCall(name, this.#change(elbName), trace);
    try {
      const response = await this.#send(call, command);
      return toMembers(resultOf(response, name));
    } catch (error) {
      const isRefused = error instanceof DomainError && error.code === 'instance_refused';
      if (!isRefused || !call.mayHaveChanged) throw error;
      // An earlier attempt may have detached the instances although its response was lost. The list of members shows
      // whether it did.
      const { members } = await this.describeLoadBalancer(elbName, trace);
      if (instanceIds.some((id) => members.includes(id))) throw error;
      return undefined;
    }
  }

  /** Returns the result element of the response. */
  async #elb(
    name: string,
    about: Partial<AwsRequest>,
    command: Command,
    trace: AwsTrace,
  ): Promise<XmlElement> {
    return resultOf(await this.#send(this.#elbCall(name, about, trace), command), name);
  }

  #send(call: AwsCall, command: Command): Promise<XmlElement> {
    return call.send(command, (options) => this.#clients.elb.send(command as ElbCommand, options));
  }

  #elbCall(name: string, about: Partial<AwsRequest>, trace: AwsTrace): AwsCall {
    const action = `elasticloadbalancing:${name}`;
    return this.#call({ action, budget: this.#elbReads, result: `${name}Result`, ...about }, trace);
  }

  #call(request: Omit<AwsRequest, 'region' | 'credentials' | 'clock' | 'tracer'>, trace: AwsTrace): AwsCall {
    const { region, credentials } = this.#clients;
    const shared = { region, credentials, clock: this.#clock, tracer: this.#tracer };
    return new AwsCall({ ...request, ...shared }, trace, this.#ledger);
  }

  #change(elbName: ElbName): Partial<AwsRequest> {
    return { elbName, budget: this.#elbWrites, changes: true };
  }
}

const toInstances = (ids: Members) => ids.map((InstanceId) => ({ InstanceId }));

/** The response reader has already checked that the result element exists. */
function resultOf(response: XmlElement, name: string): XmlElement {
  return response.children.find((child) => child.name === `${name}Result`) ?? response;
}
