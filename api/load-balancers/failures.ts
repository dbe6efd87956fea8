import { DomainError, type DomainErrorDetails } from '../errors.ts';
import type { LoadBalancerTraits } from './load-balancer.ts';
import { type ElbName, type InstanceId, isDescribed, type MachineInfo } from './instance.ts';

/** Returns the error for an instance that EC2 does not know. */
function notDescribed(instanceId: string): DomainError {
  return refused(`AWS refused the instance: EC2 does not describe ${instanceId}`, 'check its id and region');
}

/** Returns the error for a string in a batch that is not an instance id. */
export function notAnInstanceId(text: string): DomainError {
  return new DomainError('wrong_data_format', `wrong data format: "${text}" is not an instance id`, {
    advice: 'an instance id consists of i- and 8 or 17 lower-case hex digits',
  });
}

/** Returns the error for a load balancer that does not exist in the region. `details` describe AWS's response. */
export function elbNotFound(
  elbName: string,
  region: string,
  details: Pick<DomainErrorDetails, 'awsRequestId' | 'cause'> = {},
): DomainError {
  return new DomainError(
    'elb_not_found',
    `the elb does not exist: no classic load balancer is named "${elbName}" in ${region}`,
    { ...details, advice: 'check its spelling and region' },
  );
}

/** Returns the error for an instance that is already a member. */
export function alreadyAttached(elbName: ElbName, instanceId: InstanceId): DomainError {
  return new DomainError(
    'instance_already_attached',
    `instance already on load balancer: ${instanceId} is a member of ${elbName}`,
    { advice: 'no action is needed' },
  );
}

/** Returns the error for an instance that is not a member. */
export function notAttached(elbName: ElbName, instanceId: InstanceId): DomainError {
  return new DomainError(
    'instance_not_attached',
    `instance is not on load balancer: ${instanceId} is not a member of ${elbName}`,
    { advice: `GET /elb/${elbName} lists its members` },
  );
}

/** Returns the error for a change whose If-Match does not match the current list. */
export function preconditionFailed(elbName: ElbName): DomainError {
  return new DomainError(
    'precondition_failed',
    `the members of ${elbName} have changed: their ETag does not match If-Match`,
    {
      advice: `nothing was changed; send GET /elb/${elbName} again to get the current ETag`,
    },
  );
}

/**
 * Returns the error for a detach of the last in-service instance of a load balancer that PROTECT_LAST_IN_SERVICE
 * includes.
 */
export function keptInService(elbName: ElbName, instanceId: InstanceId): DomainError {
  return new DomainError(
    'last_in_service',
    `${instanceId} is the last instance in service on ${elbName}, and PROTECT_LAST_IN_SERVICE protects it`,
    { advice: 'bring another instance into service first, or detach this one with ?force=true' },
  );
}

/** The advice for each EC2 state in which AWS refuses to attach an instance. AWS attaches only running instances. */
const remedies: Readonly<Record<string, string>> = {
  pending: 'attach it when it is running',
  stopping: 'start it after it has stopped, and attach it when it is running',
  stopped: 'start it, and attach it when it is running',
  'shutting-down': 'it is being terminated, so attach another instance',
  terminated: 'attach another instance',
};

/**
 * Returns the error for an instance that AWS would refuse to attach, or undefined if there is no known reason to refuse
 * it.
 */
export function unsuitable(
  instance: MachineInfo,
  traits: LoadBalancerTraits | undefined,
): DomainError | undefined {
  const { instanceId, state = 'unknown', vpcId } = instance;
  if (!isDescribed(instance)) return notDescribed(instanceId);
  const remedy = remedies[state];
  if (remedy !== undefined)
    return refused(`${instanceId} is ${state}, and AWS attaches only running instances`, remedy);
  if (vpcId === undefined || traits?.vpcId === undefined || vpcId === traits.vpcId) return undefined;
  return refused(
    `${instanceId} is in ${vpcId}, and the load balancer is in ${traits.vpcId}`,
    'attach an instance in the same VPC',
  );
}

function refused(problem: string, advice: string): DomainError {
  return new DomainError('instance_refused', problem, { advice });
}
