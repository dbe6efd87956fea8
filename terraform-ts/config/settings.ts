/** An environment variable, its default and its meaning. A test compares these with the table in README.md. */
export interface Setting {
  /**
   * The default if the variable is unset or empty. Without a default, the value is derived, or the part is not created.
   */
  readonly value?: string;
  /** Whether messages must not contain the value. */
  readonly secret?: true;
  /** The default in the table, if `value` is absent. */
  readonly shown?: string;
  readonly meaning: string;
}

export const settings = {
  AWS_REGION: { value: 'us-east-1', meaning: 'region of all resources' },
  SERVICE_NAME: {
    value: 'elb-inventory',
    meaning: 'name of all resources except the ELB, and prefix of alarm names',
  },
  ELB_NAME: { value: 'default-elb', meaning: 'the Classic Load Balancer (ELB) in front of the API' },
  MANAGED_ELBS: {
    shown: 'ELB_NAME',
    meaning: 'comma-separated ELBs whose instances the API may attach and detach',
  },
  REPOSITORY: { shown: "this clone's origin", meaning: 'https URL that hosts clone without credentials' },
  GIT_REF: {
    shown: "this clone's commit",
    meaning:
      'version that hosts run; a group requires a full commit hash or a version tag, because a branch can change between two boots',
  },
  API_TOKEN_PARAMETER: {
    value: '/elb-inventory/api-token',
    secret: true,
    meaning: 'name of the SSM SecureString parameter that contains API_TOKEN; you create this parameter',
  },
  METRICS_TOKEN_PARAMETER: {
    shown: 'none',
    secret: true,
    meaning:
      'name of an SSM SecureString parameter that contains METRICS_TOKEN, with which Prometheus scrapes GET /metrics',
  },
  METRICS: {
    value: 'off',
    meaning:
      '`cloudwatch`: the CloudWatch agent on each host sends metrics from GET /metrics to CloudWatch, and traces to X-Ray; requires METRICS_TOKEN_PARAMETER',
  },
  SCRAPE_SECURITY_GROUP: {
    shown: 'none',
    meaning:
      'security group of a Prometheus server, in the VPC or a peered VPC, that may reach port 8000 of hosts',
  },
  API_TOKEN_KEY_ARN: {
    shown: 'the AWS managed key of SSM',
    meaning: 'KMS key of these parameters, if they use a customer managed key',
  },
  ENVIRONMENT: {
    shown: 'PROTECT_LAST_IN_SERVICE=ELB_NAME',
    meaning:
      'space-separated settings of the service, such as `LOG_LEVEL=debug DOCS=off`; must not contain secrets, because user data is not confidential',
  },
  ECR_REPOSITORY: {
    shown: 'none',
    meaning:
      'ECR repository in the same account and region, from which hosts may pull images (`builder.sh --pull`)',
  },
  HOSTS: { value: 'group', meaning: '`group`: an Auto Scaling group; `single`: one instance' },
  MIN_HOSTS: { value: '1', meaning: 'minimum size of the group' },
  MAX_HOSTS: { value: '3', meaning: 'maximum size of the group' },
  CPU_TARGET: {
    value: '80',
    meaning:
      'average CPU utilization at which the group adds a host, as a percentage of one vCPU (the API is one process); 10 to 95',
  },
  MEMORY_TARGET: {
    value: '80',
    meaning:
      'average memory of the API at which the group adds a host, as a percentage of the memory limit of its container; 10 to 95',
  },
  INSTANCE_TYPE: {
    value: 't3.micro',
    meaning: 'Intel, AMD or Graviton instance type; the machine image has the matching architecture',
  },
  CPU_CREDITS: {
    value: 'unlimited',
    meaning:
      'for T instance types: `unlimited` can cost 0.05 USD per vCPU-hour above the baseline; `standard` limits the host to the baseline, including during the build at the first boot',
  },
  VOLUME_GB: { value: '16', meaning: 'size of the encrypted gp3 root volume, 8 to 1024' },
  HOST_SUBNETS: {
    value: 'public',
    meaning:
      '`public`: hosts have public addresses, which is cheaper; `private`: hosts are behind one NAT gateway per zone',
  },
  ACCESS: {
    value: 'session-manager',
    meaning:
      'shell access to hosts: `session-manager`, `instance-connect` (an endpoint in the VPC) or `none`',
  },
  SSH_CIDRS: {
    shown: 'none',
    meaning:
      'comma-separated address blocks that may reach port 22 of hosts; with `HOST_SUBNETS=private`, they must be private',
  },
  SSH_KEY_NAME: { shown: 'none', meaning: 'EC2 key pair for ec2-user' },
  ZONES: { shown: 'the first two zones in the region', meaning: 'two to six zones, comma-separated' },
  VPC_CIDR: { value: '10.20.0.0/16', meaning: 'address block of the VPC' },
  PUBLIC_SUBNET_CIDRS: {
    shown: 'consecutive blocks of one sixteenth of `VPC_CIDR` each',
    meaning: 'one address block per zone, comma-separated',
  },
  PRIVATE_SUBNET_CIDRS: {
    shown: 'consecutive blocks of one sixteenth of `VPC_CIDR` each',
    meaning: 'one address block per zone, comma-separated; only with `HOST_SUBNETS=private`',
  },
  VPC_ID: {
    shown: 'a new VPC',
    meaning:
      'an existing VPC; requires `ELB_SUBNET_IDS` and `HOST_SUBNET_IDS`; cannot be combined with the four settings above',
  },
  ELB_SUBNET_IDS: {
    shown: 'none',
    meaning:
      'two or more comma-separated subnets in that VPC; they must be public unless `ELB_SCHEME=internal`',
  },
  HOST_SUBNET_IDS: {
    shown: 'none',
    meaning: 'comma-separated subnets in that VPC for the hosts, with a route to the internet',
  },
  ALLOWED_CIDRS: { value: '0.0.0.0/0', meaning: 'comma-separated address blocks that may reach the ELB' },
  CERTIFICATE_ARN: { shown: 'none', meaning: 'ACM or IAM certificate; adds HTTPS on port 443' },
  HTTP: {
    shown: '`on`, or `redirect` with CERTIFICATE_ARN',
    meaning:
      'port 80: `on` serves the API in clear text, `redirect` redirects requests to HTTPS (308), `off` closes the port',
  },
  ELB_SCHEME: {
    value: 'internet-facing',
    meaning:
      '`internal`: the ELB has private addresses; changing this value replaces the ELB; refresh the group afterward',
  },
  DNS_NAME: {
    shown: 'none',
    meaning:
      'DNS name of the API, for the `url` output and an alias record in Route 53; with HTTPS, a name that the certificate covers',
  },
  DNS_ZONE: {
    shown: 'the part of DNS_NAME after its first dot',
    meaning:
      'id or name of the Route 53 zone for the record (with `ELB_SCHEME=internal`, a private zone); `none`: no record is created',
  },
  ACCESS_LOGS: {
    value: 'off',
    meaning: '`on`: the ELB writes access logs to an S3 bucket, where they are kept for 90 days',
  },
  FLOW_LOGS: {
    value: 'off',
    meaning:
      '`on`: the connections in the new VPC are logged to a log group, where they are kept for LOG_RETENTION_DAYS',
  },
  HEALTH_CHECK: {
    value: 'off',
    meaning:
      '`on`: Route 53 requests GET /healthcheck from the internet every 30 s, and the `unreachable` alarm is created',
  },
  ALARM_EMAIL: {
    shown: 'none',
    meaning: 'email address to subscribe to the alarm topic; AWS sends a confirmation request to it',
  },
  LOG_RETENTION_DAYS: {
    value: '30',
    meaning: 'retention of the log group in days; must be a value that CloudWatch allows',
  },
  STATE_BUCKET: {
    shown: 'a local file',
    meaning: 'existing S3 bucket for the state; the state is locked with an S3 lock file',
  },
  STATE_KEY: { shown: 'SERVICE_NAME/AWS_REGION.tfstate', meaning: 'key in that bucket' },
  STATE_REGION: { shown: 'AWS_REGION', meaning: 'region of that bucket' },
  TAGS: {
    shown: 'none',
    meaning: '`key=value`, comma-separated, for all resources, in addition to Service and ManagedBy',
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;
