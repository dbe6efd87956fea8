/** An environment variable, its default and its meaning. A test compares the table of README.md with this. */
export interface Setting {
  /** The default for an unset or empty variable; without it, the value is derived or the part is not built. */
  readonly value?: string;
  /** Whether messages must not contain the value. */
  readonly secret?: true;
  /** The default column of the table, without `value`. */
  readonly shown?: string;
  readonly meaning: string;
}

export const settings = {
  AWS_REGION: { value: 'us-east-1', meaning: 'region of all resources' },
  SERVICE_NAME: {
    value: 'elb-inventory',
    meaning: 'name of all resources except the ELB, and prefix of alarm names',
  },
  ELB_NAME: { value: 'default-elb', meaning: 'the classic ELB in front of the API' },
  MANAGED_ELBS: {
    shown: 'ELB_NAME',
    meaning: 'ELBs on which the API may attach and detach, comma-separated',
  },
  REPOSITORY: { shown: "this clone's origin", meaning: 'https URL that hosts clone without credentials' },
  GIT_REF: {
    shown: "this clone's commit",
    meaning:
      'version that hosts run; a group needs a full commit or a version tag, because a branch can change between two boots',
  },
  API_TOKEN_PARAMETER: {
    value: '/elb-inventory/api-token',
    secret: true,
    meaning: 'name of the SSM SecureString with API_TOKEN, which you create',
  },
  METRICS_TOKEN_PARAMETER: {
    shown: 'none',
    secret: true,
    meaning: 'name of an SSM SecureString with METRICS_TOKEN, with which Prometheus reads GET /metrics',
  },
  METRICS: {
    value: 'off',
    meaning:
      '`cloudwatch`: the CloudWatch agent of each host sends metrics of GET /metrics, and traces to X-Ray; needs METRICS_TOKEN_PARAMETER',
  },
  SCRAPE_SECURITY_GROUP: {
    shown: 'none',
    meaning: 'security group of a Prometheus, in the VPC or a peered one, that may reach port 8000 of hosts',
  },
  API_TOKEN_KEY_ARN: {
    shown: "SSM's own key",
    meaning: 'KMS key of these parameters, if it is a customer managed key',
  },
  ENVIRONMENT: {
    shown: 'PROTECT_LAST_IN_SERVICE=ELB_NAME',
    meaning:
      'settings of the service, separated by spaces, such as `LOG_LEVEL=debug DOCS=off`; not for secrets, because user data is readable',
  },
  ECR_REPOSITORY: {
    shown: 'none',
    meaning:
      'ECR repository of the same account and region from which hosts may pull images (`builder.sh --pull`)',
  },
  HOSTS: { value: 'group', meaning: '`group`: an autoscaling group; `single`: one instance' },
  MIN_HOSTS: { value: '1', meaning: 'minimum size of the group' },
  MAX_HOSTS: { value: '3', meaning: 'maximum size of the group' },
  CPU_TARGET: {
    value: '80',
    meaning:
      'CPU at which the group adds a host, in percent of one vCPU, because one process serves the API; 10 to 95',
  },
  MEMORY_TARGET: {
    value: '80',
    meaning:
      'memory of the API at which the group adds a host, in percent of the limit of its container; 10 to 95',
  },
  INSTANCE_TYPE: {
    value: 't3.micro',
    meaning: 'Intel, AMD or Graviton type; the image has the matching architecture',
  },
  CPU_CREDITS: {
    value: 'unlimited',
    meaning:
      'for T types: `unlimited` can cost 0.05 USD per vCPU-hour above the baseline; `standard` slows the host down to the baseline, including the build at the first boot',
  },
  VOLUME_GB: { value: '16', meaning: 'size of the encrypted gp3 root volume, 8 to 1024' },
  HOST_SUBNETS: {
    value: 'public',
    meaning: '`public`: with public addresses, cheaper; `private`: behind a NAT gateway per zone',
  },
  ACCESS: {
    value: 'session-manager',
    meaning:
      'shell access to hosts: `session-manager`, `instance-connect` (an endpoint in the VPC) or `none`',
  },
  SSH_CIDRS: {
    shown: 'none',
    meaning:
      'addresses that may reach port 22 of hosts, comma-separated; private ones with `HOST_SUBNETS=private`',
  },
  SSH_KEY_NAME: { shown: 'none', meaning: 'EC2 key pair for ec2-user' },
  ZONES: { shown: 'the first two of the region', meaning: 'two to six zones, comma-separated' },
  VPC_CIDR: { value: '10.20.0.0/16', meaning: 'address block of the VPC' },
  PUBLIC_SUBNET_CIDRS: { shown: 'sixteenths of the VPC', meaning: 'one per zone, comma-separated' },
  PRIVATE_SUBNET_CIDRS: {
    shown: 'sixteenths of the VPC',
    meaning: 'one per zone, with `HOST_SUBNETS=private`',
  },
  VPC_ID: {
    shown: 'a new VPC',
    meaning: 'an existing VPC; it needs the two settings below and excludes the four above',
  },
  ELB_SUBNET_IDS: {
    shown: 'none',
    meaning: 'two or more subnets of that VPC; public ones unless `ELB_SCHEME=internal`',
  },
  HOST_SUBNET_IDS: {
    shown: 'none',
    meaning: 'subnets of that VPC for the hosts, with a route to the internet',
  },
  ALLOWED_CIDRS: { value: '0.0.0.0/0', meaning: 'addresses that may reach the ELB, comma-separated' },
  CERTIFICATE_ARN: { shown: 'none', meaning: 'ACM or IAM certificate; adds HTTPS on port 443' },
  HTTP: {
    shown: '`on`; with CERTIFICATE_ARN, `redirect`',
    meaning:
      'port 80: `on` serves the API in clear text, `redirect` redirects to https (308), `off` closes it',
  },
  ELB_SCHEME: {
    value: 'internet-facing',
    meaning:
      '`internal`: the ELB has private addresses; a change replaces the ELB, so refresh the group after it',
  },
  DNS_NAME: {
    shown: 'none',
    meaning:
      'name of the API, for `url` and an alias record in Route 53; with HTTPS, a name of the certificate',
  },
  DNS_ZONE: {
    shown: 'the part of DNS_NAME after its first dot',
    meaning:
      'Route 53 zone of the record: its id, or its name (a private zone with `ELB_SCHEME=internal`); `none`: no record',
  },
  ACCESS_LOGS: {
    value: 'off',
    meaning: '`on`: the ELB writes access logs to an S3 bucket, which keeps them for 90 days',
  },
  FLOW_LOGS: {
    value: 'off',
    meaning: '`on`: a log group records the connections of the new VPC and keeps them for LOG_RETENTION_DAYS',
  },
  HEALTH_CHECK: {
    value: 'off',
    meaning:
      '`on`: Route 53 calls GET /healthcheck from the internet every 30 s, and the alarm `unreachable` exists',
  },
  ALARM_EMAIL: {
    shown: 'none',
    meaning: 'address to subscribe to the alarm topic; AWS sends it a confirmation request',
  },
  LOG_RETENTION_DAYS: { value: '30', meaning: 'retention of the log group; a value that CloudWatch allows' },
  STATE_BUCKET: { shown: 'a local file', meaning: 'existing S3 bucket for the state, with S3 locking' },
  STATE_KEY: { shown: 'SERVICE_NAME/AWS_REGION.tfstate', meaning: 'key in that bucket' },
  STATE_REGION: { shown: 'AWS_REGION', meaning: 'region of that bucket' },
  TAGS: {
    shown: 'none',
    meaning: '`key=value`, comma-separated, for all resources, in addition to Service and ManagedBy',
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;
