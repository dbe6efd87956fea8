/** One variable of the environment: what it is when unset, and what it means. The table of README.md is held against this. */
export interface Setting {
  /** The value taken when the variable is unset or empty; none: it is derived, or the thing is not built. */
  readonly value?: string;
  /** What the table shows as default where there is no value. */
  readonly shown?: string;
  readonly meaning: string;
}

export const settings = {
  AWS_REGION: { value: 'us-east-1', meaning: 'where everything is built' },
  SERVICE_NAME: {
    value: 'elb-inventory',
    meaning: 'names everything but the ELB, and starts the names of alarms',
  },
  ELB_NAME: { value: 'default-elb', meaning: 'the classic ELB in front of the API' },
  MANAGED_ELBS: { shown: 'ELB_NAME', meaning: 'ELBs on which the API may attach and detach, by commas' },
  REPOSITORY: { shown: "this clone's origin", meaning: 'https URL that a host clones without credentials' },
  GIT_REF: {
    shown: "this clone's commit",
    meaning:
      'what hosts run; for a group a full commit or a version tag, as a branch moves between two boots',
  },
  API_TOKEN_PARAMETER: {
    value: '/elb-inventory/api-token',
    meaning: 'name of the SSM SecureString that holds API_TOKEN; you make it',
  },
  API_TOKEN_KEY_ARN: {
    shown: "SSM's own key",
    meaning: 'the KMS key of that parameter, if it is one of yours',
  },
  HOSTS: { value: 'group', meaning: '`group`: an autoscaling group; `single`: one instance' },
  MIN_HOSTS: { value: '1', meaning: 'hosts of the group at least' },
  MAX_HOSTS: { value: '3', meaning: 'hosts of the group at most' },
  INSTANCE_TYPE: { value: 't3.micro', meaning: 'Intel, AMD or Graviton: the image follows' },
  VOLUME_GB: { value: '16', meaning: 'size of the encrypted gp3 root volume, 8 to 1024' },
  HOST_SUBNETS: {
    value: 'public',
    meaning: '`public`: with addresses of their own, the cheap way; `private`: behind one NAT gateway a zone',
  },
  ACCESS: {
    value: 'session-manager',
    meaning: 'shell on a host: `session-manager`, `instance-connect` (an endpoint in the VPC) or `none`',
  },
  SSH_CIDRS: { shown: 'none', meaning: 'who may reach port 22 of public hosts, by commas' },
  SSH_KEY_NAME: { shown: 'none', meaning: 'EC2 key pair for ec2-user' },
  ZONES: { shown: 'a and b of the region', meaning: 'two zones or more, by commas' },
  VPC_CIDR: { value: '10.20.0.0/16', meaning: 'of the VPC that is built' },
  PUBLIC_SUBNET_CIDRS: { shown: 'sixteenths of the VPC', meaning: 'one a zone, by commas' },
  PRIVATE_SUBNET_CIDRS: {
    shown: 'sixteenths of the VPC',
    meaning: 'one a zone, with `HOST_SUBNETS=private`',
  },
  VPC_ID: {
    shown: 'a VPC is built',
    meaning: 'an existing VPC; the two below come with it, the four above do not',
  },
  ELB_SUBNET_IDS: { shown: 'none', meaning: 'public subnets of that VPC, two or more' },
  HOST_SUBNET_IDS: {
    shown: 'none',
    meaning: 'subnets of that VPC for the hosts, with a way to the internet',
  },
  CERTIFICATE_ARN: { shown: 'none', meaning: 'ACM or IAM certificate: adds HTTPS on 443; port 80 stays' },
  ACCESS_LOGS: { value: 'off', meaning: '`on`: access logs of the ELB go to an S3 bucket, for 90 days' },
  ALARM_EMAIL: {
    shown: 'none',
    meaning: 'subscribed to the SNS topic of the alarms; AWS asks it to confirm',
  },
  LOG_RETENTION_DAYS: { value: '30', meaning: 'of the log group; one of the numbers that CloudWatch takes' },
  STATE_BUCKET: { shown: 'a local file', meaning: 'existing S3 bucket for the state, locked by S3 itself' },
  STATE_KEY: { shown: 'SERVICE_NAME.tfstate', meaning: 'the key in that bucket' },
  STATE_REGION: { shown: 'AWS_REGION', meaning: 'the region of that bucket' },
  TAGS: { shown: 'none', meaning: '`key=value`, by commas, on everything, beside Service and ManagedBy' },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;
