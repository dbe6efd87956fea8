declare const brand: unique symbol;

/** The id of an EC2 instance: `i-` and 8 or 17 lower-case hexadecimal digits (EC2 API reference, "Resource IDs"). */
export type InstanceId = string & { readonly [brand]: 'InstanceId' };

/** The name of a classic load balancer: 1-32 letters, digits and inner hyphens (service model, AccessPointName). */
export type ElbName = string & { readonly [brand]: 'ElbName' };

/** The ids of a load balancer's members in AWS's order, each once. */
export type Members = readonly InstanceId[];

/** What is told of an instance. Type and date are undefined where EC2 no longer describes the instance. */
export interface MachineInfo {
  readonly instanceId: InstanceId;
  readonly instanceType: string | undefined;
  readonly launchDate: Date | undefined;
  /** Where it is and how it is (`running`, `stopped` …), as far as EC2 tells. */
  readonly availabilityZone?: string | undefined;
  readonly vpcId?: string | undefined;
  readonly state?: string | undefined;
}

const instanceIdPattern = /^i-(?:[0-9a-f]{8}|[0-9a-f]{17})$/;
const elbNamePattern = /^(?!-)[A-Za-z0-9-]{1,32}(?<!-)$/;

/** Returns the instance id, or undefined where no instance can have it. */
export function parseInstanceId(value: string): InstanceId | undefined {
  return instanceIdPattern.test(value) ? (value as InstanceId) : undefined;
}

/** Returns the name, or undefined where no classic load balancer can have it. */
export function parseElbName(value: string): ElbName | undefined {
  return elbNamePattern.test(value) ? (value as ElbName) : undefined;
}

/** Returns whether EC2 describes the instance. */
export function isDescribed({ instanceType, launchDate }: MachineInfo): boolean {
  return instanceType !== undefined || launchDate !== undefined;
}

/** Returns what there is to tell of a member that EC2 does not describe: terminated for over an hour, for example. */
export function undescribed(instanceId: InstanceId): MachineInfo {
  return { instanceId, instanceType: undefined, launchDate: undefined };
}
