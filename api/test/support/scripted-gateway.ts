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

/** AWS in a few lines: it takes what it answers from `region` and `instances` when a call leaves. */
export class ScriptedGateway implements LoadBalancerGateway {
  readonly region = new Map<ElbName, Members>();
  /** What EC2 tells of an instance; undefined where it knows none. */
  instance = (instanceId: InstanceId): MachineInfo | undefined => instanceOf(instanceId);
  /** The answers wait for this. */
  held: Promise<void> = Promise.resolve();
  /** What the calls of today fail with. */
  elbError: Error | undefined;
  ec2Error: Error | undefined;
  regionCalls = 0;
  /** The ids of each DescribeInstances. */
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

  /** What AWS tells of the health of everything, when a call leaves. */
  health: MemberHealth[] = [];
  /** The ids of each DescribeInstanceHealth. */
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

  /** Holds all answers from now on; what it returns lets them go. */
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

/** The region as AWS describes it, of which no more than the members is given. */
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

/** A logger that keeps what it is told, each line with its level in front. */
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

const realNow = performance.now.bind(performance);

/** Puts `performance.now()` so many milliseconds ahead of real time; timers run as ever. */
export function setClockAhead(ms: number): void {
  performance.now = () => realNow() + ms;
}
