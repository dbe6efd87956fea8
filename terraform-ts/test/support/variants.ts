import type { Env } from '../../config/environment';

/** The settings without a default outside a clone. */
export const source = {
  REPOSITORY: 'https://git.example.com/sre/elb-inventory.git',
  GIT_REF: '0123456789abcdef0123456789abcdef01234567',
};

/** Configurations that together use every setting and build every part. */
export const variants: Readonly<Record<string, Env>> = {
  default: source,
  everything: {
    ...source,
    AWS_REGION: 'eu-central-1',
    SERVICE_NAME: 'inventory-prod',
    ELB_NAME: 'prod-elb',
    MANAGED_ELBS: 'default-elb,shop-elb',
    API_TOKEN_PARAMETER: '/prod/inventory/token',
    API_TOKEN_KEY_ARN: 'arn:aws:kms:eu-central-1:123456789012:key/0b1c2d3e-0000-4000-8000-000000000000',
    ENVIRONMENT: 'LOG_LEVEL=debug PROTECT_LAST_IN_SERVICE=shop-elb,prod-elb',
    MIN_HOSTS: '2',
    MAX_HOSTS: '5',
    CPU_TARGET: '60',
    MEMORY_TARGET: '50',
    INSTANCE_TYPE: 't4g.small',
    VOLUME_GB: '24',
    HOST_SUBNETS: 'private',
    ZONES: 'eu-central-1a,eu-central-1b,eu-central-1c',
    VPC_CIDR: '10.40.0.0/16',
    PUBLIC_SUBNET_CIDRS: '10.40.0.0/24,10.40.1.0/24,10.40.2.0/24',
    PRIVATE_SUBNET_CIDRS: '10.40.16.0/20,10.40.32.0/20,10.40.48.0/20',
    CERTIFICATE_ARN: 'arn:aws:acm:eu-central-1:123456789012:certificate/0b1c2d3e-0000-4000-8000-000000000000',
    ACCESS_LOGS: 'on',
    FLOW_LOGS: 'on',
    ALARM_EMAIL: 'sre@example.com',
    LOG_RETENTION_DAYS: '90',
    STATE_BUCKET: 'example-terraform-state',
    STATE_KEY: 'prod/inventory.tfstate',
    STATE_REGION: 'eu-west-1',
    TAGS: 'Team=sre,CostCentre=4711',
  },
  single: {
    ...source,
    HOSTS: 'single',
    GIT_REF: 'main',
    ACCESS: 'none',
    SSH_CIDRS: '203.0.113.7/32,198.51.100.0/24',
    SSH_KEY_NAME: 'sre',
  },
  'existing VPC': {
    ...source,
    VPC_ID: 'vpc-0123456789abcdef0',
    ELB_SUBNET_IDS: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1',
    HOST_SUBNET_IDS: 'subnet-0123456789abcdef2,subnet-0123456789abcdef3',
    HOST_SUBNETS: 'private',
    ACCESS: 'instance-connect',
    ACCESS_LOGS: 'on',
    AWS_REGION: 'il-central-1',
  },
  'single, private': {
    ...source,
    HOSTS: 'single',
    HOST_SUBNETS: 'private',
    CERTIFICATE_ARN: 'arn:aws:iam::123456789012:server-certificate/api',
  },
};
