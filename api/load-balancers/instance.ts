declare const brand: unique symbol;

/** The id of an EC2 instance: `i-` and 8 or 17 lower-case hexadecimal digits (EC2 API reference, "Resource IDs"). */
export type InstanceId = string & { readonly [brand]: 'InstanceId' };

/** The name of a classic load balancer: 1 to 32 letters, digits and hyphens (service model, AccessPointName). */
export type ElbName = string & { readonly [brand]: 'ElbName' };

/** The ids of a load balancer's members in AWS's order, each once. */
export type Members = readonly InstanceId[];

/** An instance as EC2 describes it. Type and date are undefined if EC2 no longer describes the instance. */
export interface MachineInfo {
  readonly instanceId: InstanceId;
  readonly instanceType: string | undefined;
  readonly launchDate: Date | undefined;
  readonly availabilityZone?: string | undefined;
  readonly vpcId?: string | undefined;
  /** `running`, `stopped` … */
  readonly state?: string | undefined;
}

const instanceIdPattern = /^i-(?:[0-9a-f]{8}|[0-9a-f]{17})$/;
const elbNamePattern = /^(?!-)[A-Za-z0-9-]{1,32}(?<!-)$/;

/** Returns the value as an instance id, or undefined if it does not have the form of one. */
export function parseInstanceId(value: string): InstanceId | undefined {
  return instanceIdPattern.test(value) ? (value as InstanceId) : undefined;
}

/** Returns the value as a load balancer name, or undefined if it does not have the form of one. */
export function parseElbName(value: string): ElbName | undefined {
  return elbNamePattern.test(value) ? (value as ElbName) : undefined;
}

/** Returns whether EC2 describes the instance. */
export function isDescribed({ instanceType, launchDate }: MachineInfo): boolean {
  return instanceType !== undefined || launchDate !== undefined;
}

/** Returns the info of a member that EC2 does not describe, for example one that was terminated over an hour ago. */
export function undescribed(instanceId: InstanceId): MachineInfo {
  return { instanceId, instanceType: undefined, launchDate: undefined };
}
