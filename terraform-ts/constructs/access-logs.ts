import { DataAwsElbServiceAccount } from '@cdktf/provider-aws/lib/data-aws-elb-service-account';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { S3BucketLifecycleConfiguration } from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration';
import { S3BucketPolicy } from '@cdktf/provider-aws/lib/s3-bucket-policy';
import { S3BucketPublicAccessBlock } from '@cdktf/provider-aws/lib/s3-bucket-public-access-block';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { Account } from './account';
import { policyDocument } from './policy-document';

export interface AccessLogsProps {
  readonly name: string;
  readonly account: Account;
}

/**
 * The regions in which ELB writes access logs from an AWS account. In regions that were opened since August 2022, ELB
 * writes as a service principal, and the provider has no account for them (ELB user guide, "Attach a policy to your S3
 * bucket"). The list is complete.
 */
const regionsWithElbAccount = new Set(
  (
    'us-east-1 us-east-2 us-west-1 us-west-2 af-south-1 ca-central-1 eu-central-1 eu-west-1 eu-west-2 eu-west-3 ' +
    'eu-south-1 eu-north-1 ap-east-1 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-southeast-1 ap-southeast-2 ' +
    'ap-southeast-3 ap-south-1 me-south-1 sa-east-1 us-gov-east-1 us-gov-west-1 cn-north-1 cn-northwest-1'
  ).split(' '),
);

/**
 * A private bucket to which only ELB can write. When the stack is destroyed, the bucket is deleted with its content.
 */
export class AccessLogs extends Construct {
  readonly bucketName: string;
  /** The bucket policy. Without it, ELB rejects the bucket. */
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, { name, account }: AccessLogsProps) {
    super(scope, id);
    const bucket = new S3Bucket(this, 'bucket', { bucketPrefix: `${name}-elb-logs-`, forceDestroy: true });
    new S3BucketPublicAccessBlock(this, 'private', {
      bucket: bucket.bucket,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    new S3BucketLifecycleConfiguration(this, 'expiry', {
      bucket: bucket.bucket,
      rule: [
        {
          id: 'expire',
          status: 'Enabled',
          filter: [{ prefix: '' }],
          expiration: [{ days: 90 }],
          abortIncompleteMultipartUpload: [{ daysAfterInitiation: 7 }],
        },
      ],
    });
    const writers = [
      // The other partitions support only the account.
      ...(account.partition.name === 'aws'
        ? [
            {
              Sid: 'ElbService',
              Principal: { Service: 'logdelivery.elasticloadbalancing.amazonaws.com' },
              // IfExists is used because AWS does not document whether a Classic Load Balancer sends this key. If it
              // does not, the account in the path below is the only restriction.
              Condition: { StringEqualsIfExists: { 'aws:SourceAccount': account.id } },
            },
          ]
        : []),
      ...(regionsWithElbAccount.has(account.region)
        ? [{ Sid: 'ElbAccount', Principal: { AWS: new DataAwsElbServiceAccount(this, 'elb-account').arn } }]
        : []),
    ];
    const policy = new S3BucketPolicy(this, 'policy', {
      bucket: bucket.bucket,
      policy: policyDocument(
        writers.map((writer) => ({
          Action: 's3:PutObject',
          Resource: `${bucket.arn}/AWSLogs/${account.id}/*`,
          ...writer,
        })),
      ),
    });
    this.bucketName = bucket.bucket;
    this.ready = [policy];
  }
}
