import { DataAwsCallerIdentity } from '@cdktf/provider-aws/lib/data-aws-caller-identity';
import { Construct } from 'constructs';
import { partitionOf, type Partition } from '../config/partition';

/** The AWS account and region, for ARNs. */
export class Account extends Construct {
  readonly id: string;
  readonly partition: Partition;

  /** Throws for a region of an unsupported partition. */
  constructor(
    scope: Construct,
    id: string,
    readonly region: string,
  ) {
    super(scope, id);
    const partition = partitionOf(region);
    if (!partition) throw new Error(`The partition of ${region} is not supported.`);
    this.partition = partition;
    this.id = new DataAwsCallerIdentity(this, 'caller').accountId;
  }

  /** Returns the ARN of a resource in this account. */
  arn(service: string, resource: string, region = this.region): string {
    return `arn:${this.partition.name}:${service}:${region}:${this.id}:${resource}`;
  }
}
