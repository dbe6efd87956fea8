import { AwsError } from '../protocol/aws-error.ts';

/** The states of an EC2 instance and their codes (EC2 API reference, InstanceState). */
export const STATE_CODES = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
} as const;

/**
 * The states of an instance. A state change is immediate; instances do not pass through `pending`, `stopping` or
 * `shutting-down`.
 */
export type InstanceState = keyof typeof STATE_CODES;

/** An EC2 instance. It is immutable, so that its XML can be cached by identity. */
export interface Instance {
  readonly instanceId: string;
  /** The position of the instance in the order of launches, starting at 0. */
  readonly ordinal: number;
  readonly name: string;
  readonly instanceType: string;
  readonly state: InstanceState;
  /** In milliseconds since 1970. Each start of the instance changes it. */
  readonly launchTime: number;
  readonly availabilityZone: string;
  readonly subnetId: string;
  readonly vpcId: string;
  /** The result of the health checks of the instance. */
  readonly check: 'passing' | 'failing';
  /** The time at which `check` last changed, in milliseconds since 1970. */
  readonly checkSince: number;
  /** Whether EC2 no longer describes the instance. Load balancers may still list it. */
  readonly forgotten: boolean;
}

export interface InstanceChange {
  check?: 'passing' | 'failing';
  state?: InstanceState;
  forgotten?: boolean;
  /** As in EC2, the type can change only while the instance is stopped. */
  instanceType?: string;
}

/** `i-` and 8 or 17 hex digits (EC2 API reference). */
export const INSTANCE_ID = /^i-(?:[0-9a-f]{8}|[0-9a-f]{17})$/;

/**
 * Returns the instance after a change at `now`, in milliseconds since 1970. A start sets a new launch time in whole
 * seconds. An instance that is terminated or shutting down cannot be started again (EC2 user guide, life cycle).
 * @throws AwsError IncorrectInstanceState
 */
export function changedInstance(before: Instance, change: InstanceChange, now: number): Instance {
  const after = { ...before, ...change };
  const { instanceId: id } = before;
  if (before.state === 'terminated' && after.state !== 'terminated') {
    throw new AwsError(
      'IncorrectInstanceState',
      `The instance '${id}' is terminated and cannot change its state.`,
    );
  }
  if (before.state === 'shutting-down' && after.state !== 'shutting-down' && after.state !== 'terminated') {
    throw new AwsError('IncorrectInstanceState', `The instance '${id}' is shutting down to be terminated.`);
  }
  if (after.instanceType !== before.instanceType && before.state !== 'stopped' && after.state !== 'stopped') {
    const how =
      'The type can change only while the instance is stopped; stop it first, or in the same change.';
    throw new AwsError(
      'IncorrectInstanceState',
      `The instance '${id}' is not in the 'stopped' state. ${how}`,
    );
  }
  const started = isStopped(before) && !isStopped(after);
  const runs = before.state !== 'running' && after.state === 'running';
  return {
    ...after,
    launchTime: started ? now - (now % 1000) : before.launchTime,
    checkSince: runs || after.check !== before.check ? now : before.checkSince,
  };
}

function isStopped({ state }: Instance): boolean {
  return state !== 'pending' && state !== 'running';
}
