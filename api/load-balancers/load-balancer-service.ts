import { DomainError } from '../errors.ts';
import type { AwsTrace } from '../telemetry.ts';
import { KeyedLock } from './keyed-lock.ts';
import type { LoadBalancerGateway } from './load-balancer-gateway.ts';
import type { ElbName, InstanceId, MachineInfo } from './machine.ts';

/** The use cases: which instances a classic load balancer has, and the changing of that. */
export class LoadBalancerService {
  readonly #gateway: LoadBalancerGateway;
  readonly #writes = new KeyedLock();

  constructor(gateway: LoadBalancerGateway) {
    this.#gateway = gateway;
  }

  /** Returns the members in AWS's order. Throws `elb_not_found`, and what the gateway throws. */
  async listMachines(elbName: ElbName, trace: AwsTrace): Promise<MachineInfo[]> {
    const members = await this.#gateway.describeMembers(elbName, trace);
    const described = await this.#gateway.describeMachines(members, trace);
    return members.map((id) => described.get(id) ?? undescribed(id));
  }

  /**
   * Makes the instance a member and returns it. Throws `elb_not_found`, `instance_already_attached` or
   * `instance_refused`, before anything was changed, and what the gateway throws.
   */
  async attachMachine(elbName: ElbName, instanceId: InstanceId, trace: AwsTrace): Promise<MachineInfo> {
    return this.#writes.run(`${elbName}/${instanceId}`, async () => {
      const [members, machine] = await Promise.allSettled([
        this.#gateway.describeMembers(elbName, trace),
        this.#gateway.describeMachine(instanceId, trace),
      ]);
      if (members.status === 'rejected') throw unchanged(members.reason);
      if (members.value.includes(instanceId)) {
        throw new DomainError(
          'instance_already_attached',
          `instance already on load balancer: ${instanceId} is a member of ${elbName}`,
          {
            advice: 'nothing is left to do',
          },
        );
      }
      if (machine.status === 'rejected') throw unchanged(machine.reason);
      await this.#gateway.register(elbName, instanceId, trace).catch((error: unknown) => {
        throw outcomeUnknown(error, elbName, instanceId);
      });
      return machine.value;
    });
  }

  /**
   * Ends the membership of the instance and returns it. Throws `elb_not_found` or `instance_not_attached`, before
   * anything was changed, and what the gateway throws.
   */
  async detachMachine(elbName: ElbName, instanceId: InstanceId, trace: AwsTrace): Promise<MachineInfo> {
    return this.#writes.run(`${elbName}/${instanceId}`, async () => {
      const [members, machines] = await Promise.allSettled([
        this.#gateway.describeMembers(elbName, trace),
        this.#gateway.describeMachines([instanceId], trace),
      ]);
      if (members.status === 'rejected') throw unchanged(members.reason);
      if (!members.value.includes(instanceId)) {
        throw new DomainError(
          'instance_not_attached',
          `instance is not on load balancer: ${instanceId} is no member of ${elbName}`,
          {
            advice: `GET /elb/${elbName} lists the members`,
          },
        );
      }
      if (machines.status === 'rejected') throw unchanged(machines.reason);
      await this.#gateway.deregister(elbName, instanceId, trace).catch((error: unknown) => {
        throw outcomeUnknown(error, elbName, instanceId);
      });
      return machines.value.get(instanceId) ?? undescribed(instanceId);
    });
  }
}

/** A member that EC2 no longer describes (terminated for more than an hour) is still a member. */
function undescribed(instanceId: InstanceId): MachineInfo {
  return { instanceId, instanceType: undefined, launchDate: undefined };
}

/** A check failed before the change was asked of AWS: the caller can simply try again. */
function unchanged(error: unknown): unknown {
  if (!(error instanceof DomainError)) return error;
  if (error.code !== 'aws_unreachable' && error.code !== 'aws_failed') return error;
  return error.withAdvice('nothing was changed, so try again in a few seconds');
}

/** The change was asked of AWS and no clear answer came: it may or may not have been made. */
function outcomeUnknown(error: unknown, elbName: ElbName, instanceId: InstanceId): unknown {
  if (!(error instanceof DomainError)) return error;
  if (error.code !== 'aws_unreachable' && error.code !== 'aws_failed') return error;
  return error.withAdvice(
    `whether the change was made is unknown, so look for ${instanceId} in GET /elb/${elbName} before trying again`,
  );
}
