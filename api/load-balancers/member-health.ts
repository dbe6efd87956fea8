import type { InstanceId } from './instance.ts';

/** The meanings of AWS's health descriptions; `unknown` stands for all other descriptions. */
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

/** The health of a member, as AWS returns it. */
export interface MemberHealth {
  readonly instanceId: InstanceId;
  /** `InService`, `OutOfService` or `Unknown`. */
  readonly state: string;
  /** The cause of the state: `ELB`, `Instance` or `N/A`. */
  readonly reasonCode: string;
  /** AWS's text. */
  readonly description: string;
  readonly condition: Condition;
}

/** A member's health with EC2's data and an explanation. */
export interface HealthEntry extends MemberHealth {
  readonly availabilityZone: string | undefined;
  /** EC2's state of the instance, such as `running`; undefined if EC2 did not return it. */
  readonly instanceState: string | undefined;
  /** One sentence with the reason for the state and the next step. */
  readonly why: string;
  /** Seconds after which the health may have changed. */
  readonly checkAgainSeconds: number;
}

/** Returns whether the member gets new connections. AWS also returns `InService` for members that drain. */
export function isHealthy({ state, condition }: MemberHealth): boolean {
  return state === 'InService' && condition !== 'draining';
}

/** Returns whether no connection is left; undefined is the health of an instance that is not on the load balancer. */
export function isDrained(health: MemberHealth | undefined): boolean {
  return health === undefined || health.state === 'OutOfService' || health.condition === 'not-registered';
}

/**
 * Returns whether the health leaves the membership unclear. AWS may omit a new member for a few seconds
 * (aws/aws-cli#2714) and omits terminated ones. It returns `Unknown` during transient errors; moto also returns it for
 * former members.
 */
export function isDoubtful(health: MemberHealth | undefined): boolean {
  return health === undefined || health.state === 'Unknown' || health.condition === 'not-registered';
}

/** Returns the health of a member that AWS's response omits, for example a terminated one. */
export function unreported(instanceId: InstanceId): MemberHealth {
  return { instanceId, state: 'Unknown', reasonCode: 'N/A', description: 'N/A', condition: 'unknown' };
}
