/** A Checkov check that this infrastructure does not pass. */
export interface Exception {
  readonly id: string;
  /** The resources, by their names in Checkov. If undefined, all resources. */
  readonly only?: RegExp;
  readonly reason: string;
}

export const exceptions: readonly Exception[] = [
  // These are determined by a setting.
  { id: 'CKV_AWS_127', reason: 'HTTPS needs a certificate: CERTIFICATE_ARN.' },
  { id: 'CKV_AWS_376', reason: 'HTTPS needs a certificate: CERTIFICATE_ARN.' },
  { id: 'CKV_AWS_260', reason: 'The API is public on port 80 by default, as required.' },
  { id: 'CKV_AWS_92', reason: 'Access logs cost storage: ACCESS_LOGS=on.' },
  {
    id: 'CKV_AWS_130',
    only: /public-/,
    reason: 'The cheapest network has no NAT gateway: HOST_SUBNETS=private.',
  },
  { id: 'CKV_AWS_338', reason: 'LOG_RETENTION_DAYS, 30 by default; a year costs twelve times as much.' },
  { id: 'CKV2_AWS_11', reason: 'Flow logs cost more than the hosts when traffic is high.' },

  {
    id: 'CKV_AWS_394',
    reason: 'The first two zones are used, and a subnet ignores a later change of its zone.',
  },

  // A customer managed key costs 1 USD per month and adds no protection: the contents are not secret, and AWS encrypts them.
  { id: 'CKV_AWS_158', reason: 'CloudWatch encrypts log groups with a key of its own.' },
  { id: 'CKV_AWS_26', reason: 'CloudWatch cannot publish to a topic that the key of SNS encrypts.' },
  {
    id: 'CKV_AWS_145',
    reason: 'ELB writes only to buckets with the keys of S3 (ELB user guide, access logs).',
  },

  // These are for the bucket that contains the access logs.
  { id: 'CKV_AWS_18', reason: 'It contains access logs; logs of its own reads need another bucket.' },
  { id: 'CKV_AWS_21', reason: 'ELB writes each object once, and the objects expire.' },
  { id: 'CKV_AWS_144', reason: 'The logs are not worth a copy in another region.' },
  { id: 'CKV2_AWS_62', reason: 'Nothing processes the logs.' },

  // Checkov does not detect that the launch template of the instance sets these.
  { id: 'CKV_AWS_8', only: /single_instance/, reason: 'The launch template encrypts the volume.' },
  { id: 'CKV_AWS_79', only: /single_instance/, reason: 'The launch template requires tokens.' },
  { id: 'CKV_AWS_126', only: /single_instance/, reason: 'The launch template sets detailed monitoring.' },
  { id: 'CKV_AWS_135', only: /single_instance/, reason: 'Current instance types are always EBS-optimized.' },
  { id: 'CKV2_AWS_41', only: /single_instance/, reason: 'The launch template has the instance profile.' },
  {
    id: 'CKV_AWS_24',
    only: /connect-to-hosts-in/,
    reason: 'The source is a security group; checkov takes a missing cidr_ipv4 for 0.0.0.0/0.',
  },
];
