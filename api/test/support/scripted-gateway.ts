import { DomainError } from '../../errors.ts';
import type { MemberHealth } from '../../load-balancers/member-health.ts';
import type { LoadBalancerDescription } from '../../load-balancers/load-balancer.ts';
import type { LoadBalancerGateway, Urgency } from '../../load-balancers/load-balancer-gateway.ts';
import type { ElbName, InstanceId, MachineInfo, Members } from '../../load-balancers/instance.ts';
import type { AwsTrace } from '../../telemetry/aws-trace.ts';
import type { Logger } from '../../telemetry/logger.ts';

export const elb = (name: string) => name as ElbName;
export const id = (n: number) => `i-${n.toString(16).padStart(8, '0')}` as InstanceId;
export const ids = (count: number, from = 0) => Array.from({ length: count }, (_, n) => id(from + n));

/** A gateway whose responses contain the values of `region` and `instance` at the time at which a call is sent. */
export class ScriptedGateway implements LoadBalancerGateway {
  readonly region = new Map<ElbName, Members>();
  /** Returns the EC2 description of an instance, or undefined if there is none. */
  instance = (instanceId: InstanceId): MachineInfo | undefined => instanceOf(instanceId);
  /** Responses wait for this promise. */
  held: Promise<void> = Promise.resolve();
  /** The errors of the next calls. */
  elbError: Error | undefined;
  ec2Error: Error | undefined;
  regionCalls = 0;
  /** The instance ids of each DescribeInstances call. */
  readonly instanceCalls: Members[] = [];
  inFlight = 0;
  maxInFlight = 0;

  async describeRegion(trace: AwsTrace): Promise<Map<ElbName, LoadBalancerDescription>> {
    this.regionCalls += 1;
    const answer = descriptionsOf(this.region);
    await this.#answer(trace, this.elbError);
    return answer;
  }

  async describeLoadBalancer(elbName: ElbName, trace: AwsTrace): Promise<LoadBalancerDescription> {
    const answer = descriptionsOf([[elbName, this.region.get(elbName) ?? []]]).get(elbName)!;
    await this.#answer(trace, this.elbError);
    return answer;
  }

  async describeInstances(instanceIds: Members, trace: AwsTrace): Promise<Map<InstanceId, MachineInfo>> {
    this.instanceCalls.push(instanceIds);
    const instances = instanceIds.flatMap((instanceId) => this.instance(instanceId) ?? []);
    await this.#answer(trace, this.ec2Error);
    return new Map(instances.map((instance) => [instance.instanceId, instance]));
  }

  /** The health of all instances. */
  health: MemberHealth[] = [];
  /** The instance ids of each DescribeInstanceHealth call. */
  readonly healthCalls: (Members | undefined)[] = [];
  healthError: Error | undefined;

  async describeHealth(
    _elbName: ElbName,
    instanceIds: Members | undefined,
    _urgency: Urgency,
    trace: AwsTrace,
  ): Promise<MemberHealth[]> {
    this.healthCalls.push(instanceIds);
    const answer = this.health.filter(({ instanceId }) => instanceIds?.includes(instanceId) ?? true);
    await this.#answer(trace, this.healthError);
    const unknown = instanceIds?.find((id) => !answer.some(({ instanceId }) => instanceId === id));
    if (unknown !== undefined) throw new DomainError('instance_refused', `Could not find ${unknown}`);
    return answer;
  }

  describeDraining(): Promise<number> {
    return Promise.resolve(300);
  }

  register(elbName: ElbName): Promise<Members> {
    return Promise.resolve(this.region.get(elbName) ?? []);
  }

  deregister(elbName: ElbName): Promise<Members> {
    return Promise.resolve(this.region.get(elbName) ?? []);
  }

  /** Holds all subsequent responses. Returns a function that releases them. */
  hold(): () => void {
    let release: () => void = () => undefined;
    this.held = new Promise((resolve) => (release = resolve));
    return release;
  }

  async #answer(trace: AwsTrace, error: Error | undefined): Promise<void> {
    trace.sent?.();
    this.inFlight += 1;
    this.maxInFlight = Math.max(this.maxInFlight, this.inFlight);
    try {
      await this.held;
      if (error !== undefined) throw error;
    } finally {
      this.inFlight -= 1;
    }
  }
}

/** Returns descriptions of load balancers with these members. */
export function descriptionsOf(region: Iterable<[ElbName, Members]>): Map<ElbName, LoadBalancerDescription> {
  const traits = {
    dnsName: undefined,
    scheme: undefined,
    vpcId: undefined,
    availabilityZones: [],
    listeners: [],
    healthCheck: undefined,
    createdDate: undefined,
  };
  return new Map([...region].map(([elbName, members]) => [elbName, { members, traits }]));
}

export function instanceOf(instanceId: InstanceId, instanceType = 't3.micro'): MachineInfo {
  return { instanceId, instanceType, launchDate: new Date(0) };
}

/** Returns a logger and its lines, which start with the level. */
export function recordingLogger(): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  const keep = (level: string) => (_fields: object, message: string) => {
    lines.push(`${level}: ${message}`);
  };
  return {
    lines,
    logger: { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') },
  };
}
