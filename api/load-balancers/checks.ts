import { DomainError, isUnclear } from '../errors.ts';
import type { Inventory } from './inventory.ts';
import type { LoadBalancerTraits } from './load-balancer.ts';
import type { Members } from './load-balancer-gateway.ts';
import type { ElbName, InstanceId, MachineInfo } from './machine.ts';

export function alreadyAttached(elbName: ElbName, instanceId: InstanceId): DomainError {
  return new DomainError(
    'instance_already_attached',
    `instance already on load balancer: ${instanceId} is a member of ${elbName}`,
    { advice: 'nothing is left to do' },
  );
}

export function notAttached(elbName: ElbName, instanceId: InstanceId): DomainError {
  return new DomainError(
    'instance_not_attached',
    `instance is not on load balancer: ${instanceId} is no member of ${elbName}`,
    { advice: `GET /elb/${elbName} lists the members` },
  );
}

/** Returns why AWS would refuse the instance, or undefined where nothing is known that speaks against it. */
export function unsuitable(
  { instanceId, state, vpcId }: MachineInfo,
  traits: LoadBalancerTraits | undefined,
): DomainError | undefined {
  if (state === 'terminated' || state === 'shutting-down')
    return new DomainError('instance_refused', `EC2 says that ${instanceId} is ${state}`, {
      advice: 'attach another instance',
    });
  if (vpcId === undefined || traits?.vpcId === undefined || vpcId === traits.vpcId) return undefined;
  return new DomainError(
    'instance_refused',
    `${instanceId} is in ${vpcId} and the load balancer in ${traits.vpcId}`,
    { advice: 'attach an instance of the same VPC' },
  );
}

/**
 * What a check brings. It comes before the change, so after its failure the caller can simply try again. Checks run
 * side by side, and when one has failed nobody waits for the other.
 */
export function checked<T>(check: Promise<T>): Promise<T> {
  const result = check.catch((error: unknown) => {
    throw isUnclear(error) ? error.withAdvice('nothing was changed, so try again in a few seconds') : error;
  });
  result.catch(() => undefined);
  return result;
}

/**
 * Makes a change. Where it stays open whether AWS has made it, the inventory doubts what it knows. Throws what `make`
 * throws, with advice that fits that.
 */
export async function change<T>(
  inventory: Inventory,
  elbName: ElbName,
  instanceIds: Members,
  make: () => Promise<T>,
): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (!isUnclear(error)) throw error;
    inventory.doubt(elbName);
    throw error.withAdvice(
      `whether the change was made is unknown, so look for ${instanceIds.join(', ')} in GET /elb/${elbName} before trying again`,
    );
  }
}
