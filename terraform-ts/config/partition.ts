/** An AWS partition: its name in ARNs, and its domains for service principals and for the console. */
export interface Partition {
  readonly name: string;
  readonly services: string;
  readonly console: string;
}

const partitions: readonly [regions: RegExp, Partition][] = [
  [/^us-gov-/, { name: 'aws-us-gov', services: 'amazonaws.com', console: 'amazonaws-us-gov.com' }],
  [/^cn-/, { name: 'aws-cn', services: 'amazonaws.com.cn', console: 'amazonaws.cn' }],
  // Excludes the isolated regions (us-iso-, us-isob-, us-isof-, eu-isoe-) and the European Sovereign Cloud (eusc-).
  [/^(?!eusc-|[a-z]+-iso)/, { name: 'aws', services: 'amazonaws.com', console: 'aws.amazon.com' }],
];

/** Returns the partition of a region, or undefined if this package does not support the partition. */
export function partitionOf(region: string): Partition | undefined {
  return partitions.find(([regions]) => regions.test(region))?.[1];
}
