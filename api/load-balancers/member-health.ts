import type { InstanceId } from './instance.ts';

/** The meanings of the health descriptions from AWS. `unknown` is used for all other descriptions. */
export const conditions = [
  'in-service',
  'registering',
  'failing-checks',
  'draining',
  'zone-disabled',
  'not-running',
  'not-registered',
  'unknown',
] as const;

export type Condition = (typeof conditions)[number];

/** The health of a member in the form in which AWS returns it. */
export interface MemberHealth {
  readonly instanceId: InstanceId;
  /** `InService`, `OutOfService` or `Unknown`. */
  readonly state: string;
  /** The cause of the state: `ELB`, `Instance` or `N/A`. */
  readonly reasonCode: string;
  /** The description from AWS. */
  readonly description: string;
  readonly condition: Condition;
}

/** The health of a member with data from EC2 and an explanation. */
export interface HealthEntry extends MemberHealth {
  readonly availabilityZone: string | undefined;
  /** The EC2 state of the instance, such as `running`; undefined if EC2 did not return it. */
  readonly instanceState: string | undefined;
  /** One sentence that states the reason for the state and what to do. */
  readonly why: string;
  /** The number of seconds after which the health may have changed. */
  readonly checkAgainSeconds: number;
}

/** Returns true if the member receives new connections. AWS also returns `InService` for members that are draining. */
export function isHealthy({ state, condition }: MemberHealth): boolean {
  return state === 'InService' && condition !== 'draining';
}

/**
 * Returns true if no connections remain. `undefined` means that the instance is not registered with the load balancer.
 */
export function isDrained(health: MemberHealth | undefined): boolean {
  return health === undefined || health.state === 'OutOfService' || health.condition === 'not-registered';
}

/**
 * Returns true if the health does not show whether the instance is a member. AWS may omit a new member for a few
 * seconds (aws/aws-cli#2714), and omits terminated members. It returns `Unknown` during transient errors; moto also
 * returns it for former members.
 */
export function isDoubtful(health: MemberHealth | undefined): boolean {
  return health === undefined || health.state === 'Unknown' || health.condition === 'not-registered';
}

/** Returns the health of a member that the AWS response omits, for example a terminated instance. */
export function unreported(instanceId: InstanceId): MemberHealth {
  return { instanceId, state: 'Unknown', reasonCode: 'N/A', description: 'N/A', condition: 'unknown' };
}
