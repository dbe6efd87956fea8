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

/** A change to a state takes effect at once; no instance passes through `pending`, `stopping` or `shutting-down` by itself. */
export type InstanceState = keyof typeof STATE_CODES;

/** An EC2 instance. Never changed in place: a change makes a new object, so that its XML can be kept by identity. */
export interface Instance {
  readonly instanceId: string;
  /** Its place in the region's order of launches, from 0. */
  readonly ordinal: number;
  readonly name: string;
  readonly instanceType: string;
  readonly state: InstanceState;
  /** Milliseconds since 1970; changes at each start. */
  readonly launchTime: number;
  readonly availabilityZone: string;
  readonly subnetId: string;
  readonly vpcId: string;
  /** Whether load balancers' health checks of it pass. */
  readonly check: 'passing' | 'failing';
  /** Since when `check` has this outcome without a break, in milliseconds since 1970. */
  readonly checkSince: number;
  /** EC2 no longer describes it, though load balancers may still list it. */
  readonly forgotten: boolean;
}

/** What a person or a test may change of an instance. */
export interface InstanceChange {
  check?: 'passing' | 'failing';
  state?: InstanceState;
  forgotten?: boolean;
  /** Accepted only of a stopped instance, as by EC2. */
  instanceType?: string;
}

/** `i-` and 8 or 17 hex digits (EC2 API reference). */
export const INSTANCE_ID = /^i-(?:[0-9a-f]{8}|[0-9a-f]{17})$/;

/**
 * The instance after a change at `now`, milliseconds since 1970. EC2 changes the type only of a stopped instance, and
 * sets a new launch time, in whole seconds, at each start; one that is terminated, or shuts down for that, cannot start
 * again (EC2 user guide, life cycle).
 * @throws AwsError IncorrectInstanceState
 */
export function changedInstance(before: Instance, change: InstanceChange, now: number): Instance {
  const after = { ...before, ...change };
  const { instanceId: id } = before;
  if (before.state === 'terminated' && after.state !== 'terminated') {
    throw new AwsError('IncorrectInstanceState', `The instance '${id}' is terminated and stays so.`);
  }
  if (before.state === 'shutting-down' && after.state !== 'shutting-down' && after.state !== 'terminated') {
    throw new AwsError('IncorrectInstanceState', `The instance '${id}' is shutting down to be terminated.`);
  }
  if (after.instanceType !== before.instanceType && before.state !== 'stopped' && after.state !== 'stopped') {
    const how = 'EC2 changes the type only of a stopped instance; stop it first, or in the same change.';
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
