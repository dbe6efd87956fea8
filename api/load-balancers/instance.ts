declare const brand: unique symbol;

/** The id of an EC2 instance: `i-` and 8 or 17 lower-case hexadecimal digits (EC2 API reference, "Resource IDs"). */
export type InstanceId = string & { readonly [brand]: 'InstanceId' };

/** The name of a Classic Load Balancer: 1 to 32 letters, digits and hyphens (AccessPointName in the service model). */
export type ElbName = string & { readonly [brand]: 'ElbName' };

/** The ids of the members of a load balancer, in the order from AWS, without duplicates. */
export type Members = readonly InstanceId[];

/** An instance as EC2 describes it. The type and the date are undefined if EC2 no longer describes the instance. */
export interface MachineInfo {
  readonly instanceId: InstanceId;
  readonly instanceType: string | undefined;
  readonly launchDate: Date | undefined;
  readonly availabilityZone?: string | undefined;
  readonly vpcId?: string | undefined;
  /** `running`, `stopped` and so on. */
  readonly state?: string | undefined;
}

const instanceIdPattern = /^i-(?:[0-9a-f]{8}|[0-9a-f]{17})$/;
const elbNamePattern = /^(?!-)[A-Za-z0-9-]{1,32}(?<!-)$/;

/** Returns the value as an instance id, or undefined if it is not a valid instance id. */
export function parseInstanceId(value: string): InstanceId | undefined {
  return instanceIdPattern.test(value) ? (value as InstanceId) : undefined;
}

/** Returns the value as a load balancer name, or undefined if it is not a valid name. */
export function parseElbName(value: string): ElbName | undefined {
  return elbNamePattern.test(value) ? (value as ElbName) : undefined;
}

/** Returns true if EC2 describes the instance. */
export function isDescribed({ instanceType, launchDate }: MachineInfo): boolean {
  return instanceType !== undefined || launchDate !== undefined;
}

/**
 * Returns the description of a member that EC2 does not describe, for example an instance that was terminated over an
 * hour ago.
 */
export function undescribed(instanceId: InstanceId): MachineInfo {
  return { instanceId, instanceType: undefined, launchDate: undefined };
}
