import type { LoadBalancerGateway, Members } from '../../load-balancers/load-balancer-gateway.ts';
import type { ElbName, InstanceId, MachineInfo } from '../../load-balancers/machine.ts';
import type { AwsTrace, Logger } from '../../telemetry.ts';

export const elb = (name: string) => name as ElbName;
export const id = (n: number) => `i-${n.toString(16).padStart(8, '0')}` as InstanceId;
export const ids = (count: number, from = 0) => Array.from({ length: count }, (_, n) => id(from + n));

/** AWS in a few lines: it takes what it answers from `region` and `machines` when a call leaves. */
export class ScriptedGateway implements LoadBalancerGateway {
  readonly region = new Map<ElbName, Members>();
  /** What EC2 tells of an instance; undefined where it knows none. */
  machine = (instanceId: InstanceId): MachineInfo | undefined => machineOf(instanceId);
  /** The answers wait for this. */
  held: Promise<void> = Promise.resolve();
  /** What the calls of today fail with. */
  elbError: Error | undefined;
  ec2Error: Error | undefined;
  regionCalls = 0;
  /** The ids of each DescribeInstances. */
  readonly machineCalls: Members[] = [];
  inFlight = 0;
  maxInFlight = 0;

  async describeRegion(trace: AwsTrace): Promise<Map<ElbName, Members>> {
    this.regionCalls += 1;
    const answer = new Map(this.region);
    await this.#answer(trace, this.elbError);
    return answer;
  }

  async describeMembers(elbName: ElbName, trace: AwsTrace): Promise<Members> {
    const answer = this.region.get(elbName) ?? [];
    await this.#answer(trace, this.elbError);
    return answer;
  }

  async describeMachines(instanceIds: Members, trace: AwsTrace): Promise<Map<InstanceId, MachineInfo>> {
    this.machineCalls.push(instanceIds);
    const machines = instanceIds.flatMap((instanceId) => this.machine(instanceId) ?? []);
    await this.#answer(trace, this.ec2Error);
    return new Map(machines.map((machine) => [machine.instanceId, machine]));
  }

  async describeMachine(instanceId: InstanceId, trace: AwsTrace): Promise<MachineInfo> {
    await this.#answer(trace, this.ec2Error);
    return machineOf(instanceId);
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

export function machineOf(instanceId: InstanceId, instanceType = 't3.micro'): MachineInfo {
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
