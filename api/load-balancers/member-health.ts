import type { InstanceId } from './instance.ts';

/** What AWS's description of a member means; `unknown` where it is none of the known descriptions. */
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

/** What AWS tells of a member's health. */
export interface MemberHealth {
  readonly instanceId: InstanceId;
  /** `InService`, `OutOfService` or `Unknown`. */
  readonly state: string;
  /** `ELB`, `Instance` or `N/A`: whose fault it is. */
  readonly reasonCode: string;
  /** AWS's own words. */
  readonly description: string;
  readonly condition: Condition;
}

/** A member's health and the facts around it. */
export interface HealthEntry extends MemberHealth {
  /** Undefined where EC2 does not tell. */
  readonly availabilityZone: string | undefined;
  /** `running`, `stopped` … as EC2 names it; undefined where EC2 does not tell. */
  readonly instanceState: string | undefined;
  /** One sentence: why it is so, and what to do. */
  readonly why: string;
  /** Seconds after which another look makes sense. */
  readonly lookAgainSeconds: number;
}

/** Whether the member serves: one that drains is `InService` to AWS, too, but gets no new connections. */
export function isHealthy({ state, condition }: MemberHealth): boolean {
  return state === 'InService' && condition !== 'draining';
}

/** Whether no connection is left: AWS has no health of the instance there (undefined here), or it is out of service. */
export function isDrained(health: MemberHealth | undefined): boolean {
  return health === undefined || health.state === 'OutOfService' || health.condition === 'not-registered';
}

/**
 * Whether the health says nothing of the membership. AWS may not know a new member for some seconds (aws/aws-cli#2714),
 * omits terminated ones, and answers `Unknown` for a member in a transient error and, like moto, for a former one.
 */
export function isDoubtful(health: MemberHealth | undefined): boolean {
  return health === undefined || health.state === 'Unknown' || health.condition === 'not-registered';
}

/** The health of a member of which AWS tells none, as of a terminated one. */
export function untold(instanceId: InstanceId): MemberHealth {
  return { instanceId, state: 'Unknown', reasonCode: 'N/A', description: 'N/A', condition: 'unknown' };
}
