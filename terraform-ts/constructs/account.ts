import { DataAwsCallerIdentity } from '@cdktf/provider-aws/lib/data-aws-caller-identity';
import { DataResource, Op, TerraformSelf } from 'cdktf';
import { Construct } from 'constructs';
import { partitionOf, type Partition } from '../config/partition';

/** The AWS account and region, for ARNs. */
export class Account extends Construct {
  readonly id: string;
  readonly partition: Partition;

  /** Throws if the partition of the region is not supported. */
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
    // With credentials for another account, Terraform would not find any of the resources and would create them again
    // in that account. The state contains the account of the first apply.
    const first = TerraformSelf.getString('output.account');
    new DataResource(this, 'first', {
      input: { account: this.id },
      lifecycle: {
        ignoreChanges: ['input'],
        postcondition: [
          {
            condition: Op.eq(first, this.id),
            errorMessage:
              `The state is that of account ${first}, but these are credentials of account ${this.id}; use credentials of ` +
              `${first}, or another state: STATE_BUCKET, STATE_KEY or another clone`,
          },
        ],
      },
    });
  }

  /** Returns the ARN of a resource in this account. */
  arn(service: string, resource: string, region = this.region): string {
    return `arn:${this.partition.name}:${service}:${region}:${this.id}:${resource}`;
  }
}
