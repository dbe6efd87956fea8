import { DomainError } from '../errors.ts';
import type { AwsTrace } from '../telemetry.ts';
import type { Freshness, Inventory } from './inventory.ts';
import { KeyedLock } from './keyed-lock.ts';
import type { LoadBalancerGateway, Members } from './load-balancer-gateway.ts';
import type { ElbName, InstanceId, MachineInfo } from './machine.ts';
import type { MachineList } from './picture.ts';

/** The use cases: which instances a classic load balancer has, and the changing of that. */
export class LoadBalancerService {
  readonly #gateway: LoadBalancerGateway;
  readonly #inventory: Inventory;
  readonly #changes = new KeyedLock();

  constructor(gateway: LoadBalancerGateway, inventory: Inventory) {
    this.#gateway = gateway;
    this.#inventory = inventory;
  }

  /** Returns the list where it can be had at `now`, without asking AWS; else undefined. */
  readyList(elbName: ElbName, now: number): MachineList | undefined {
    return this.#inventory.ready(elbName, now);
  }

  /** Returns the members in AWS's order. Throws `elb_not_found`, and what the gateway throws. */
  listMachines(elbName: ElbName, freshness: Freshness, trace: AwsTrace): Promise<MachineList> {
    return this.#inventory.list(elbName, freshness, trace);
  }

  /**
   * Makes the instance a member and returns it. Throws `elb_not_found`, `instance_already_attached` or
   * `instance_refused`, before anything was changed, and what the gateway throws.
   */
  attachMachine(elbName: ElbName, instanceId: InstanceId, trace: AwsTrace): Promise<MachineInfo> {
    return this.#changes.run(`${elbName}/${instanceId}`, async () => {
      const machine = checked(this.#inventory.machineNow(instanceId, trace));
      const members = checked(this.#inventory.membersNow(elbName, trace));
      if ((await members).includes(instanceId)) {
        throw new DomainError(
          'instance_already_attached',
          `instance already on load balancer: ${instanceId} is a member of ${elbName}`,
          { advice: 'nothing is left to do' },
        );
      }
      const attached = await machine;
      await this.#change(elbName, { added: instanceId }, () =>
        this.#gateway.register(elbName, instanceId, trace),
      );
      return attached;
    });
  }

  /**
   * Ends the membership of the instance and returns it. Throws `elb_not_found` or `instance_not_attached`, before
   * anything was changed, and what the gateway throws.
   */
  detachMachine(elbName: ElbName, instanceId: InstanceId, trace: AwsTrace): Promise<MachineInfo> {
    return this.#changes.run(`${elbName}/${instanceId}`, async () => {
      const machine = checked(this.#inventory.memberNow(instanceId, trace));
      const members = checked(this.#inventory.membersNow(elbName, trace));
      if (!(await members).includes(instanceId)) {
        throw new DomainError(
          'instance_not_attached',
          `instance is not on load balancer: ${instanceId} is no member of ${elbName}`,
          { advice: `GET /elb/${elbName} lists the members` },
        );
      }
      const detached = await machine;
      await this.#change(elbName, { removed: instanceId }, () =>
        this.#gateway.deregister(elbName, instanceId, trace),
      );
      return detached;
    });
  }

  /** Makes the change, and has the inventory learn of it or doubt what it knows. */
  async #change(
    elbName: ElbName,
    change: { added?: InstanceId; removed?: InstanceId },
    make: () => Promise<Members | undefined>,
  ): Promise<void> {
    try {
      this.#inventory.changed(elbName, change, await make());
    } catch (error) {
      if (!isUnclear(error)) throw error;
      this.#inventory.doubt(elbName);
      const instanceId = change.added ?? change.removed ?? '';
      throw error.withAdvice(
        `whether the change was made is unknown, so look for ${instanceId} in GET /elb/${elbName} before trying again`,
      );
    }
  }
}

/**
 * What a check brings. It comes before the change, so after its failure the caller can simply try again. Checks run
 * side by side, and when one has failed nobody waits for the other.
 */
function checked<T>(check: Promise<T>): Promise<T> {
  const result = check.catch((error: unknown) => {
    throw isUnclear(error) ? error.withAdvice('nothing was changed, so try again in a few seconds') : error;
  });
  result.catch(() => undefined);
  return result;
}

/** Whether a failure leaves it open what AWS has done. */
function isUnclear(error: unknown): error is DomainError {
  return error instanceof DomainError && (error.code === 'aws_unreachable' || error.code === 'aws_failed');
}
