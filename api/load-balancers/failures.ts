import { DomainError } from '../errors.ts';
import type { LoadBalancerTraits } from './load-balancer.ts';
import { type ElbName, type InstanceId, isDescribed, type MachineInfo } from './instance.ts';

/** Returns the error for an instance that EC2 does not describe. */
export function notDescribed(instanceId: string): DomainError {
  return new DomainError(
    'instance_refused',
    `AWS refused the instance: EC2 does not describe ${instanceId}`,
    {
      advice: 'check its id and region',
    },
  );
}

/** Returns the error for a text in a batch that is not an instance id. */
export function notAnInstanceId(text: string): DomainError {
  return new DomainError('wrong_data_format', `wrong data format: "${text}" is not an instance id`, {
    advice: 'an id is i- and 8 or 17 lower-case hex digits',
  });
}

/** Returns the error for a load balancer that does not exist in the region. */
export function elbNotFound(elbName: string, region: string, cause?: unknown): DomainError {
  return new DomainError(
    'elb_not_found',
    `the elb does not exist: no classic load balancer is named "${elbName}" in ${region}`,
    { advice: 'check its spelling and region', cause },
  );
}

/** Returns the error for an instance that is a member already. */
export function alreadyAttached(elbName: ElbName, instanceId: InstanceId): DomainError {
  return new DomainError(
    'instance_already_attached',
    `instance already on load balancer: ${instanceId} is a member of ${elbName}`,
    { advice: 'nothing is left to do' },
  );
}

/** Returns the error for an instance that is no member. */
export function notAttached(elbName: ElbName, instanceId: InstanceId): DomainError {
  return new DomainError(
    'instance_not_attached',
    `instance is not on load balancer: ${instanceId} is no member of ${elbName}`,
    { advice: `GET /elb/${elbName} lists the members` },
  );
}

/** Returns the error for a change whose If-Match names another list. */
export function preconditionFailed(elbName: ElbName): DomainError {
  return new DomainError('precondition_failed', `the members of ${elbName} are not those of If-Match`, {
    advice: `nothing was changed, so read GET /elb/${elbName} and its ETag again`,
  });
}

/** Returns the error for the last instance in service where PROTECT_LAST_IN_SERVICE is set. */
export function keptInService(elbName: ElbName, instanceId: InstanceId): DomainError {
  return new DomainError(
    'last_in_service',
    `${instanceId} is the last instance in service on ${elbName}, and PROTECT_LAST_IN_SERVICE is set`,
    { advice: 'bring another one into service first, or detach it with ?force=true' },
  );
}

/** What to do about an instance in a state of EC2 in which classic ELB refuses it: it takes `running` alone. */
const remedies: Readonly<Record<string, string>> = {
  pending: 'it is still starting, so attach it once it is running',
  stopping: 'start it once it has stopped, and attach it once it is running',
  stopped: 'start it, and attach it once it is running',
  'shutting-down': 'it is being terminated, so attach another instance',
  terminated: 'attach another instance',
};

/** Returns why AWS would refuse the instance; undefined where nothing is known against it. */
export function unsuitable(
  instance: MachineInfo,
  traits: LoadBalancerTraits | undefined,
): DomainError | undefined {
  const { instanceId, state = 'unknown', vpcId } = instance;
  if (!isDescribed(instance)) return notDescribed(instanceId);
  const remedy = remedies[state];
  if (remedy !== undefined)
    return refused(`${instanceId} is ${state}, and AWS attaches running instances only`, remedy);
  if (vpcId === undefined || traits?.vpcId === undefined || vpcId === traits.vpcId) return undefined;
  return refused(
    `${instanceId} is in ${vpcId} and the load balancer in ${traits.vpcId}`,
    'attach an instance of the same VPC',
  );
}

function refused(problem: string, advice: string): DomainError {
  return new DomainError('instance_refused', problem, { advice });
}
