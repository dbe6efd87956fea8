import { otlpEndpoint } from '../boot/agent-metrics';
import { isPrivate, parseCidr } from './cidr';
import { ConfigError, EnvironmentReader, type Env } from './environment';
import { readFront, type FrontConfig } from './front';
import { readNetwork, type NetworkConfig } from './network-config';
import { partitionOf } from './partition';
import type { SettingName } from './settings';
import { readServiceEnvironment } from './service-environment';

/** The validated configuration. Unless stated otherwise, undefined means that the part is not created. */
export interface Config {
  readonly region: string;
  readonly serviceName: string;
  readonly elbName: string;
  /** The load balancers with which the API may register and deregister instances, including elbName. */
  readonly managedElbs: readonly string[];
  readonly source: { readonly repository: string; readonly ref: string };
  /** The parameter that contains API_TOKEN. Terraform never reads its value. */
  readonly token: {
    readonly parameter: string;
    /** The parameter that contains METRICS_TOKEN. */
    readonly metricsParameter: string | undefined;
    readonly keyArn: string | undefined;
  };
  readonly metrics: {
    /** Whether the CloudWatch agent sends the metrics and traces of the service. */
    readonly cloudwatch: boolean;
    /** The security group that may scrape the hosts. */
    readonly scrapeSecurityGroup: string | undefined;
  };
  /** The repository from which hosts may pull images. */
  readonly ecrRepository: string | undefined;
  /** Settings of the service. */
  readonly environment: Readonly<Record<string, string>>;
  readonly hosts: HostsConfig;
  readonly access: Access;
  readonly network: NetworkConfig;
  readonly front: FrontConfig;
  readonly accessLogs: boolean;
  readonly flowLogs: boolean;
  readonly alarmEmail: string | undefined;
  readonly logRetentionDays: number;
  /** If undefined, the state is stored in a local file. */
  readonly state:
    | {
        readonly bucket: string;
        readonly key: string;
        readonly region: string;
        readonly keyIsDefault: boolean;
      }
    | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

export interface HostsConfig {
  readonly mode: 'group' | 'single';
  readonly min: number;
  readonly max: number;
  /** The targets, as percentages of what one process can use: one vCPU, and the memory limit of its container. */
  readonly targets: Targets;
  readonly instanceType: string;
  readonly architecture: 'x86_64' | 'arm64';
  readonly volumeGb: number;
  readonly private: boolean;
  /** What happens if a burstable instance type has no CPU credits left. Undefined for other types. */
  readonly cpuCredits: 'unlimited' | 'standard' | undefined;
}

export interface Targets {
  readonly cpu: number;
  readonly memory: number;
}

export interface Access {
  readonly shell: 'session-manager' | 'instance-connect' | 'none';
  readonly sshCidrs: readonly string[];
  readonly sshKeyName: string | undefined;
}

const regionName = /^[a-z]{2,}(-[a-z]+)+-\d+$/;
const elbName = /^(?!-)[A-Za-z0-9-]{1,32}(?<!-)$/;
const anElbName = 'an ELB name: up to 32 letters, digits and hyphens, without a hyphen at either end';
/**
 * A family, a generation, attributes, a dot and a size, such as t3.micro, m7i-flex.large or u-6tb1.metal. AWS checks
 * whether the type exists.
 */
const instanceType =
  /^(?:[a-z]+\d+[a-z]*(?:-[a-z0-9]+)*|u-\d+tb\d+)\.(?:nano|micro|small|medium|large|(?:\d+)?xlarge|metal(?:-\d+xl)?)$/;
/** a1, and types with the letter g after the generation, such as t4g, c6gn and x2gd. */
const graviton = /^(?:a1|[a-z]+\d+[a-z]*g[a-z]*)[.-]/;
const parameterName = /^(?!\/(?:aws|ssm)\b)(?:\/[\w.-]+)+$/i;
const aParameterName = 'the name of a parameter, such as /elb-inventory/api-token (not the token itself)';
const pinnedRef = /^(?:[0-9a-f]{40}|v?\d+\.\d+[\w.-]*)$/;
const retentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** Returns the configuration for this environment. Throws a ConfigError that lists every error. */
export function readConfig(env: Env): Config {
  const read = new EnvironmentReader(env);
  const region = read.text('AWS_REGION', regionName, 'the name of a region');
  if (region !== '' && partitionOf(region) === undefined)
    read.fault(
      'AWS_REGION',
      `${region} is in a partition that is not supported; use aws, aws-us-gov or aws-cn`,
    );
  const serviceName = readServiceName(read);
  const elb = read.text('ELB_NAME', elbName, anElbName);
  const hosts = readHosts(read);
  const front = readFront(read, region);
  const cloudwatch = read.oneOf('METRICS', ['off', 'cloudwatch']) === 'cloudwatch';
  const config: Config = {
    region,
    serviceName,
    elbName: elb,
    managedElbs: readManagedElbs(read, elb),
    source: readSource(read, hosts.mode),
    token: {
      parameter: read.text('API_TOKEN_PARAMETER', parameterName, aParameterName),
      metricsParameter: read.optional('METRICS_TOKEN_PARAMETER', parameterName, aParameterName),
      keyArn: read.optional(
        'API_TOKEN_KEY_ARN',
        /^arn:aws[\w-]*:kms:[\w-]+:\d{12}:key\/[\w-]+$/,
        'the ARN of a KMS key',
      ),
    },
    metrics: {
      cloudwatch,
      scrapeSecurityGroup: read.optional(
        'SCRAPE_SECURITY_GROUP',
        /^sg-([0-9a-f]{8}|[0-9a-f]{17})$/,
        'the id of a security group',
      ),
    },
    ecrRepository: read.optional(
      'ECR_REPOSITORY',
      /^(?=.{2,256}$)[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/,
      'the name of an ECR repository, such as elb-inventory',
    ),
    environment: {
      ...(cloudwatch && traced(serviceName)),
      ...readServiceEnvironment(read, elb),
      ...(front.http === 'redirect' && { REDIRECT_HTTP: 'on' }),
    },
    hosts,
    access: readAccess(read, hosts.private),
    network: readNetwork(read, region, hosts.private),
    front,
    accessLogs: read.oneOf('ACCESS_LOGS', ['off', 'on']) === 'on',
    flowLogs: readFlowLogs(read),
    alarmEmail: read.optional('ALARM_EMAIL', /^[^\s@"]+@[^\s@"]+\.[^\s@"]+$/, 'an e-mail address'),
    logRetentionDays: readRetention(read),
    state: readState(read, serviceName, region),
    tags: readTags(read, serviceName),
  };
  if (config.token.metricsParameter === config.token.parameter)
    read.fault(
      'METRICS_TOKEN_PARAMETER',
      'is API_TOKEN_PARAMETER, but the service needs two different tokens; use another one',
    );
  refuseUnread(read, config);
  refuseOtherRegion(read, 'CERTIFICATE_ARN', front.certificateArn, region);
  refuseOtherRegion(read, 'API_TOKEN_KEY_ARN', config.token.keyArn, region);
  if (read.faults.length > 0) throw new ConfigError(read.faults);
  return config;
}

/** Returns the settings with which the service sends traces to the CloudWatch agent. ENVIRONMENT can override them. */
function traced(serviceName: string): Readonly<Record<string, string>> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint,
    OTEL_SERVICE_NAME: serviceName,
    // X-Ray costs 5 USD per million traces.
    OTEL_TRACES_SAMPLER_ARG: '0.05',
  };
}

/** Adds an error if metrics are enabled but nothing can read them. */
function refuseUnread(read: EnvironmentReader, { metrics, token, environment }: Config): void {
  if (metrics.cloudwatch && token.metricsParameter === undefined)
    read.fault(
      'METRICS',
      'cloudwatch needs METRICS_TOKEN_PARAMETER, with which the agent reads the metrics; set it',
    );
  if (environment['METRICS'] === 'off' && (metrics.cloudwatch || metrics.scrapeSecurityGroup !== undefined))
    read.fault(
      'ENVIRONMENT',
      'METRICS=off removes the metrics that METRICS=cloudwatch or SCRAPE_SECURITY_GROUP needs; remove one of them',
    );
}

/**
 * IAM allows 10,240 characters for the policies of a role. An ELB requires up to 106 characters, and the rest of the
 * policy less than 3,000.
 */
const maxManagedElbs = 60;

function readManagedElbs(read: EnvironmentReader, own: string): string[] {
  const names = [...new Set([own, ...(read.list('MANAGED_ELBS', elbName, anElbName) ?? [])])];
  if (names.length > maxManagedElbs)
    read.fault(
      'MANAGED_ELBS',
      `has ${names.length.toString()} names with ELB_NAME; the policy of the hosts has room for ${maxManagedElbs.toString()}`,
    );
  return names;
}

/**
 * Names that AWS reserves, or whose folder in /opt belongs to a package on the host. The boot script deletes that
 * folder.
 */
const reservedNames = /^(sg-.*|xn--.*|sthree-.*|amzn-s3-demo.*|aws|containerd)$/;

function readServiceName(read: EnvironmentReader): string {
  const name = read.text(
    'SERVICE_NAME',
    /^[a-z][a-z0-9-]{1,22}[a-z0-9]$/,
    'a name of 3 to 24 lower-case letters, digits and hyphens',
  );
  if (reservedNames.test(name))
    read.fault('SERVICE_NAME', `"${name}" is a reserved name of AWS or of the host; use another one`);
  return name;
}

/** Adds an error for an ARN in another region or partition. IAM ARNs have no region. */
function refuseOtherRegion(
  read: EnvironmentReader,
  field: SettingName,
  arn: string | undefined,
  region: string,
): void {
  const [, partition, , itsRegion] = arn?.split(':') ?? [];
  if (itsRegion === undefined) return;
  if (itsRegion !== '' && itsRegion !== region)
    read.fault(field, `is in ${itsRegion}, but AWS_REGION is ${region}; use one of ${region}`);
  else if (partition !== partitionOf(region)?.name)
    read.fault(
      field,
      `is in the partition ${String(partition)}, which does not have ${region}; use another one`,
    );
}

function readHosts(read: EnvironmentReader): HostsConfig {
  const mode = read.oneOf('HOSTS', ['group', 'single']);
  const min = read.integer('MIN_HOSTS', 1, 100);
  const max = read.integer('MAX_HOSTS', 1, 100);
  if (mode === 'single') read.refuse(['MIN_HOSTS', 'MAX_HOSTS'], 'with HOSTS=single');
  else if (max < min) read.fault('MAX_HOSTS', `${max.toString()} is below MIN_HOSTS ${min.toString()}`);
  const type = read.text('INSTANCE_TYPE', instanceType, 'an instance type such as t3.micro');
  const burstable = /^t\d/.test(type);
  if (!burstable) read.refuse(['CPU_CREDITS'], `with INSTANCE_TYPE=${type}`);
  return {
    mode,
    min,
    max,
    targets: { cpu: read.integer('CPU_TARGET', 10, 95), memory: read.integer('MEMORY_TARGET', 10, 95) },
    instanceType: type,
    architecture: graviton.test(type) ? 'arm64' : 'x86_64',
    volumeGb: read.integer('VOLUME_GB', 8, 1024),
    private: read.oneOf('HOST_SUBNETS', ['public', 'private']) === 'private',
    cpuCredits: burstable
      ? read.oneOf<'unlimited' | 'standard'>('CPU_CREDITS', ['unlimited', 'standard'])
      : undefined,
  };
}

function readSource(read: EnvironmentReader, mode: HostsConfig['mode']): Config['source'] {
  const repository = read.text(
    'REPOSITORY',
    /^https:\/\/[\w.-]+(:443)?\/[\w./~-]+$/,
    'an https URL without credentials and on port 443, the only port that hosts reach',
  );
  const ref = read.text('GIT_REF', /^\w[\w./-]*$/, 'a commit, tag or branch');
  if (mode === 'group' && ref !== '' && !pinnedRef.test(ref))
    read.fault(
      'GIT_REF',
      `"${ref}" is neither a full commit nor a version tag; hosts of a group that boot at different times would run different versions`,
    );
  return { repository, ref };
}

function readAccess(read: EnvironmentReader, hostsArePrivate: boolean): Access {
  const sshCidrs = read.list('SSH_CIDRS', /^/, '') ?? [];
  for (const text of sshCidrs) {
    const block = parseCidr(text);
    if (typeof block === 'string') read.fault('SSH_CIDRS', block);
    else if (block.prefix < 8)
      read.fault('SSH_CIDRS', `${text} opens SSH to the internet; set your own addresses`);
    else if (hostsArePrivate && !isPrivate(block))
      read.fault(
        'SSH_CIDRS',
        `${text} cannot reach hosts with HOST_SUBNETS=private; set the private addresses of your VPN or network, or remove it`,
      );
  }
  return {
    shell: read.oneOf('ACCESS', ['session-manager', 'instance-connect', 'none']),
    sshCidrs,
    sshKeyName: read.optional('SSH_KEY_NAME', /^[\w .@+=:/-]{1,255}$/, 'the name of a key pair'),
  };
}

function readFlowLogs(read: EnvironmentReader): boolean {
  const on = read.oneOf('FLOW_LOGS', ['off', 'on']) === 'on';
  if (on && read.given('VPC_ID'))
    read.fault('FLOW_LOGS', 'has no effect with VPC_ID, whose owner sets its flow logs; remove it');
  return on;
}

function readRetention(read: EnvironmentReader): number {
  const days = read.integer('LOG_RETENTION_DAYS', 1, 3653);
  if (!Number.isNaN(days) && !retentions.includes(days))
    read.fault('LOG_RETENTION_DAYS', `${days.toString()} is not one of ${retentions.join(', ')}`);
  return days;
}

function readStateRegion(read: EnvironmentReader, region: string): string {
  const own = read.optional('STATE_REGION', regionName, 'the name of a region') ?? region;
  if (partitionOf(own)?.name !== partitionOf(region)?.name)
    read.fault(
      'STATE_REGION',
      `${own} is not in the partition of AWS_REGION ${region}; use a region of that partition`,
    );
  return own;
}

function readState(read: EnvironmentReader, serviceName: string, region: string): Config['state'] {
  if (!read.given('STATE_BUCKET')) {
    read.refuse(['STATE_KEY', 'STATE_REGION'], 'without STATE_BUCKET');
    return undefined;
  }
  return {
    bucket: read.text(
      'STATE_BUCKET',
      /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
      'the name of an S3 bucket',
    ),
    key: read.optional('STATE_KEY', /^[\w.-][\w./-]*$/, 'a key of S3') ?? `${serviceName}/${region}.tfstate`,
    region: readStateRegion(read, region),
    keyIsDefault: !read.given('STATE_KEY'),
  };
}

/** The AWS limit for one resource. */
const maxTags = 50;

function readTags(read: EnvironmentReader, serviceName: string): Record<string, string> {
  const pairs = (
    read.list(
      'TAGS',
      /^(?!aws:)[\w .:/+@-]{1,128}=[\w .:/+@-]{0,256}$/i,
      'key=value (a key cannot start with aws:)',
    ) ?? []
  ).map((pair) => pair.split('=', 2) as [string, string]);
  const own = { Service: serviceName, ManagedBy: 'terraform' };
  // IAM tag keys are not case-sensitive.
  const taken = new Set([...Object.keys(own), 'Name'].map((key) => key.toLowerCase()));
  for (const [key] of pairs) {
    const known = taken.size;
    if (taken.add(key.toLowerCase()).size === known)
      read.fault('TAGS', `the key ${key} is used by this stack or listed twice; use another key`);
  }
  if (taken.size > maxTags)
    read.fault(
      'TAGS',
      `has ${taken.size.toString()} tags, including Service, ManagedBy and Name; AWS allows ${maxTags.toString()}`,
    );
  return { ...own, ...Object.fromEntries(pairs) };
}
