import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../config/config';
import { ConfigError, type Env } from '../config/environment';
import { passedOn, refused } from '../config/service-environment';
import { settings } from '../config/settings';
import { source, variants } from './support/variants';

function faultsOf(env: Env): readonly string[] {
  try {
    readConfig({ ...source, ...env });
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.faults;
  }
  return [];
}

const own = { VPC_CIDR: '10.0.0.0/16', ZONES: 'us-east-1a,us-east-1b' };
const existing = {
  VPC_ID: 'vpc-0123456789abcdef0',
  ELB_SUBNET_IDS: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1',
  HOST_SUBNET_IDS: 'subnet-0123456789abcdef2',
};

describe('readConfig refuses', () => {
  const refusals: [what: string, env: Env, field: string, reason: RegExp][] = [
    ['one zone', { ZONES: 'us-east-1a' }, 'ZONES', /two to six zones/],
    [
      'seven zones',
      {
        ZONES: 'abcdefg'
          .split('')
          .map((zone) => `us-east-1${zone}`)
          .join(),
      },
      'ZONES',
      /two to six zones/,
    ],
    ['a zone twice', { ZONES: 'us-east-1a,us-east-1a' }, 'ZONES', /is listed twice/],
    [
      'a zone of another region',
      { ZONES: 'us-east-1a,eu-west-1b' },
      'ZONES',
      /"eu-west-1b" is not a zone of us-east-1/,
    ],
    ['an invalid region', { AWS_REGION: 'virginia' }, 'AWS_REGION', /not the name of a region/],
    ['an invalid VPC block', { VPC_CIDR: '10.20.0.0' }, 'VPC_CIDR', /not a CIDR/],
    ['an octet above 255', { VPC_CIDR: '10.256.0.0/16' }, 'VPC_CIDR', /not a CIDR/],
    ['a VPC block with host bits', { VPC_CIDR: '10.20.5.0/16' }, 'VPC_CIDR', /starts at 10\.20\.0\.0\/16/],
    ['a VPC that is too large', { VPC_CIDR: '10.0.0.0/8' }, 'VPC_CIDR', /between \/16 and \/28/],
    [
      'a VPC too small for subnets',
      { VPC_CIDR: '10.0.0.0/24' },
      'PUBLIC_SUBNET_CIDRS',
      /between \/16 and \/27/,
    ],
    [
      'equal blocks',
      { ...own, PUBLIC_SUBNET_CIDRS: '10.0.1.0/24,10.0.1.0/24' },
      'PUBLIC_SUBNET_CIDRS',
      /is listed twice/,
    ],
    [
      'overlapping blocks',
      { ...own, PUBLIC_SUBNET_CIDRS: '10.0.0.0/23,10.0.1.0/24' },
      'PUBLIC_SUBNET_CIDRS',
      /10\.0\.1\.0\/24 overlaps 10\.0\.0\.0\/23/,
    ],
    [
      'private blocks that overlap public ones',
      {
        ...own,
        HOST_SUBNETS: 'private',
        PUBLIC_SUBNET_CIDRS: '10.0.0.0/24,10.0.1.0/24',
        PRIVATE_SUBNET_CIDRS: '10.0.2.0/24,10.0.1.0/25',
      },
      'PRIVATE_SUBNET_CIDRS',
      /10\.0\.1\.0\/25 overlaps 10\.0\.1\.0\/24 of PUBLIC_SUBNET_CIDRS/,
    ],
    [
      'a block outside the VPC',
      { ...own, PUBLIC_SUBNET_CIDRS: '10.0.1.0/24,10.1.1.0/24' },
      'PUBLIC_SUBNET_CIDRS',
      /10\.1\.1\.0\/24 is not inside VPC_CIDR/,
    ],
    [
      'fewer blocks than zones',
      { ...own, PUBLIC_SUBNET_CIDRS: '10.0.1.0/24' },
      'PUBLIC_SUBNET_CIDRS',
      /1 blocks for 2 zones/,
    ],
    [
      'private blocks without private hosts',
      { PRIVATE_SUBNET_CIDRS: '10.20.0.0/24,10.20.1.0/24' },
      'PRIVATE_SUBNET_CIDRS',
      /no effect with HOST_SUBNETS=public/,
    ],
    [
      'blocks for an existing VPC',
      { ...existing, VPC_CIDR: '10.0.0.0/16' },
      'VPC_CIDR',
      /no effect with VPC_ID/,
    ],
    [
      'subnets without a VPC',
      { HOST_SUBNET_IDS: 'subnet-0123456789abcdef2' },
      'HOST_SUBNET_IDS',
      /no effect without VPC_ID/,
    ],
    [
      'one subnet for the ELB',
      { ...existing, ELB_SUBNET_IDS: 'subnet-0123456789abcdef0' },
      'ELB_SUBNET_IDS',
      /two or more zones/,
    ],
    ['no subnet for hosts', { ...existing, HOST_SUBNET_IDS: '' }, 'HOST_SUBNET_IDS', /needs a subnet/],
    [
      'an invalid subnet id',
      { ...existing, HOST_SUBNET_IDS: 'subnet-xyz' },
      'HOST_SUBNET_IDS',
      /not the id of a subnet/,
    ],
    ['an invalid VPC id', { ...existing, VPC_ID: 'default' }, 'VPC_ID', /not the id of a VPC/],
    [
      'a maximum below the minimum',
      { MIN_HOSTS: '4', MAX_HOSTS: '2' },
      'MAX_HOSTS',
      /2 is below MIN_HOSTS 4/,
    ],
    ['no host', { MIN_HOSTS: '0' }, 'MIN_HOSTS', /whole number from 1/],
    ['a fraction of a host', { MAX_HOSTS: '2.5' }, 'MAX_HOSTS', /whole number/],
    [
      'bounds for a single host',
      { HOSTS: 'single', MAX_HOSTS: '3' },
      'MAX_HOSTS',
      /no effect with HOSTS=single/,
    ],
    ['a target that is always reached', { CPU_TARGET: '5' }, 'CPU_TARGET', /from 10 to 95/],
    ['a target that is never reached', { MEMORY_TARGET: '100' }, 'MEMORY_TARGET', /from 10 to 95/],
    ['an unknown kind of hosts', { HOSTS: 'many' }, 'HOSTS', /not one of group, single/],
    ['a type without a dot', { INSTANCE_TYPE: 't3micro' }, 'INSTANCE_TYPE', /not an instance type/],
    ['a type with an unknown size', { INSTANCE_TYPE: 't3.tiny' }, 'INSTANCE_TYPE', /not an instance type/],
    ['a type without a generation', { INSTANCE_TYPE: 'micro.t3' }, 'INSTANCE_TYPE', /not an instance type/],
    ['a disk that is too small for the image', { VOLUME_GB: '7' }, 'VOLUME_GB', /from 8/],
    [
      'an ELB name with an underscore',
      { ELB_NAME: 'default_elb' },
      'ELB_NAME',
      /letters, digits and hyphens/,
    ],
    [
      'an ELB name with a hyphen at its end',
      { ELB_NAME: 'default-' },
      'ELB_NAME',
      /without a hyphen at either end/,
    ],
    ['an ELB name of 33 letters', { ELB_NAME: 'a'.repeat(33) }, 'ELB_NAME', /up to 32/],
    [
      'a managed name that is not an ELB name',
      { MANAGED_ELBS: 'shop-elb,-x' },
      'MANAGED_ELBS',
      /"-x" is not an ELB name/,
    ],
    ['a service name with capitals', { SERVICE_NAME: 'Inventory' }, 'SERVICE_NAME', /lower-case letters/],
    ['no repository', { REPOSITORY: '' }, 'REPOSITORY', /is missing/],
    [
      'a repository that needs a key',
      { REPOSITORY: 'git@git.example.com:sre/x.git' },
      'REPOSITORY',
      /https URL/,
    ],
    [
      'a repository with a password',
      { REPOSITORY: 'https://me:pw@git.example.com/x' },
      'REPOSITORY',
      /without credentials/,
    ],
    ['a branch for a group', { GIT_REF: 'main' }, 'GIT_REF', /would run different versions/],
    ['half a commit for a group', { GIT_REF: '0123456' }, 'GIT_REF', /full commit/],
    ['a ref that looks like an option', { GIT_REF: '--upload-pack=x' }, 'GIT_REF', /commit, tag or branch/],
    [
      'the token instead of its name',
      { API_TOKEN_PARAMETER: 'c3JlOmNoYW5nZS1tZQ==' },
      'API_TOKEN_PARAMETER',
      /not the token itself/,
    ],
    [
      'a parameter that is reserved',
      { API_TOKEN_PARAMETER: '/aws/token' },
      'API_TOKEN_PARAMETER',
      /name of a parameter/,
    ],
    [
      'a token instead of the name of its parameter',
      { METRICS_TOKEN_PARAMETER: 'c3JlOmNoYW5nZS1tZQ==' },
      'METRICS_TOKEN_PARAMETER',
      /not the token itself/,
    ],
    ['a key that is an alias', { API_TOKEN_KEY_ARN: 'alias/mine' }, 'API_TOKEN_KEY_ARN', /ARN of a KMS key/],
    ['SSH from everywhere', { SSH_CIDRS: '0.0.0.0/0' }, 'SSH_CIDRS', /opens SSH to the internet/],
    ['SSH from an address without a prefix', { SSH_CIDRS: '203.0.113.7' }, 'SSH_CIDRS', /not a CIDR/],
    [
      'SSH to private hosts from public addresses',
      { HOST_SUBNETS: 'private', SSH_CIDRS: '10.8.0.0/16,203.0.113.7/32' },
      'SSH_CIDRS',
      /203\.0\.113\.7\/32 cannot reach hosts with HOST_SUBNETS=private/,
    ],
    ['an unknown kind of access', { ACCESS: 'telnet' }, 'ACCESS', /not one of session-manager/],
    ['an unknown kind of subnets', { HOST_SUBNETS: 'hidden' }, 'HOST_SUBNETS', /not one of public, private/],
    [
      'a certificate by its domain',
      { CERTIFICATE_ARN: 'example.com' },
      'CERTIFICATE_ARN',
      /ARN of an ACM or IAM/,
    ],
    ['access logs yes', { ACCESS_LOGS: 'yes' }, 'ACCESS_LOGS', /not one of off, on/],
    ['flow logs of an existing VPC', { ...existing, FLOW_LOGS: 'on' }, 'FLOW_LOGS', /no effect with VPC_ID/],
    [
      'a health check of an internal ELB',
      { HEALTH_CHECK: 'on', ELB_SCHEME: 'internal' },
      'HEALTH_CHECK',
      /cannot reach an ELB with ELB_SCHEME=internal/,
    ],
    [
      'a health check in China',
      { HEALTH_CHECK: 'on', AWS_REGION: 'cn-north-1' },
      'HEALTH_CHECK',
      /does not exist in the partition/,
    ],
    ['an address without @', { ALARM_EMAIL: 'sre' }, 'ALARM_EMAIL', /e-mail address/],
    [
      'a retention CloudWatch does not know',
      { LOG_RETENTION_DAYS: '31' },
      'LOG_RETENTION_DAYS',
      /31 is not one of 1, 3, 5/,
    ],
    ['a bucket no S3 has', { STATE_BUCKET: 'My_Bucket' }, 'STATE_BUCKET', /name of an S3 bucket/],
    [
      'metrics without a token to read them',
      { METRICS: 'cloudwatch' },
      'METRICS',
      /needs METRICS_TOKEN_PARAMETER/,
    ],
    ['other metrics', { METRICS: 'prometheus' }, 'METRICS', /not one of off, cloudwatch/],
    [
      'metrics that the service does not have',
      { METRICS: 'cloudwatch', METRICS_TOKEN_PARAMETER: '/x/metrics', ENVIRONMENT: 'METRICS=off' },
      'ENVIRONMENT',
      /METRICS=off removes the metrics that METRICS=cloudwatch or SCRAPE_SECURITY_GROUP needs/,
    ],
    [
      'scrapes of metrics that the service does not have',
      { SCRAPE_SECURITY_GROUP: 'sg-0123456789abcdef0', ENVIRONMENT: 'METRICS=off' },
      'ENVIRONMENT',
      /METRICS=off removes the metrics/,
    ],
    [
      'a security group by name',
      { SCRAPE_SECURITY_GROUP: 'prometheus' },
      'SCRAPE_SECURITY_GROUP',
      /id of a security group/,
    ],
    ['a bucket with two dots', { STATE_BUCKET: 'my..bucket' }, 'STATE_BUCKET', /name of an S3 bucket/],
    ['a state key without a bucket', { STATE_KEY: 'x' }, 'STATE_KEY', /no effect without STATE_BUCKET/],
    [
      'more ELBs than fit into a policy',
      { MANAGED_ELBS: Array.from({ length: 60 }, (_, at) => `elb-${at.toString()}`).join() },
      'MANAGED_ELBS',
      /has 61 names with ELB_NAME; the policy of the hosts has room for 60/,
    ],
    [
      'one token for the API and its metrics',
      { METRICS_TOKEN_PARAMETER: '/elb-inventory/api-token' },
      'METRICS_TOKEN_PARAMETER',
      /the service needs two different tokens/,
    ],
    ['redirects without HTTPS', { HTTP: 'redirect' }, 'HTTP', /set CERTIFICATE_ARN/],
    ['no listener', { HTTP: 'off' }, 'HTTP', /set CERTIFICATE_ARN/],
    ['an unknown use of port 80', { HTTP: 'yes' }, 'HTTP', /not one of on, redirect, off/],
    ['an allowed address without a prefix', { ALLOWED_CIDRS: '203.0.113.7' }, 'ALLOWED_CIDRS', /not a CIDR/],
    [
      'an allowed block twice',
      { ALLOWED_CIDRS: '10.0.0.0/8,10.0.0.0/8' },
      'ALLOWED_CIDRS',
      /is listed twice/,
    ],
    ['an unknown scheme', { ELB_SCHEME: 'private' }, 'ELB_SCHEME', /not one of internet-facing, internal/],
    ['a URL as a DNS name', { DNS_NAME: 'https://api.example.com' }, 'DNS_NAME', /not a DNS name/],
    ['a DNS name without its zone', { DNS_NAME: 'example.com' }, 'DNS_ZONE', /"com" is not the name or id/],
    [
      'a zone without the DNS name',
      { DNS_NAME: 'api.example.com', DNS_ZONE: 'ample.com' },
      'DNS_ZONE',
      /ample\.com does not contain DNS_NAME api\.example\.com/,
    ],
    ['a zone without a DNS name', { DNS_ZONE: 'example.com' }, 'DNS_ZONE', /no effect without DNS_NAME/],
    [
      'CPU credits for a type without them',
      { INSTANCE_TYPE: 'm5.large', CPU_CREDITS: 'standard' },
      'CPU_CREDITS',
      /no effect with INSTANCE_TYPE=m5\.large/,
    ],
    ['unknown CPU credits', { CPU_CREDITS: 'none' }, 'CPU_CREDITS', /not one of unlimited, standard/],
    [
      'a certificate of another region',
      { CERTIFICATE_ARN: 'arn:aws:acm:eu-west-1:123456789012:certificate/x' },
      'CERTIFICATE_ARN',
      /is in eu-west-1, but AWS_REGION is us-east-1; use one of us-east-1/,
    ],
    [
      'a certificate of another partition',
      { CERTIFICATE_ARN: 'arn:aws-cn:iam::123456789012:server-certificate/x' },
      'CERTIFICATE_ARN',
      /is in the partition aws-cn, which does not have us-east-1/,
    ],
    [
      'a key of another region',
      { API_TOKEN_KEY_ARN: 'arn:aws:kms:us-west-2:123456789012:key/x' },
      'API_TOKEN_KEY_ARN',
      /is in us-west-2, but AWS_REGION is us-east-1/,
    ],
    [
      'a key of another partition',
      {
        AWS_REGION: 'us-gov-west-1',
        API_TOKEN_KEY_ARN: 'arn:aws:kms:us-gov-west-1:123456789012:key/x',
      },
      'API_TOKEN_KEY_ARN',
      /is in the partition aws, which does not have us-gov-west-1/,
    ],
    [
      'a bucket of another partition for the state',
      { STATE_BUCKET: 'example-state', STATE_REGION: 'cn-north-1' },
      'STATE_REGION',
      /is not in the partition of AWS_REGION/,
    ],
    ['a region of the isolated partitions', { AWS_REGION: 'us-iso-east-1' }, 'AWS_REGION', /not supported/],
    ['a region of the sovereign cloud', { AWS_REGION: 'eusc-de-east-1' }, 'AWS_REGION', /not supported/],
    [
      'a repository on a port that hosts cannot reach',
      { REPOSITORY: 'https://git.example.com:8443/sre/x.git' },
      'REPOSITORY',
      /on port 443, the only port that hosts reach/,
    ],
    ['a service whose groups AWS refuses', { SERVICE_NAME: 'sg-inventory' }, 'SERVICE_NAME', /reserved/],
    ['a service whose buckets AWS refuses', { SERVICE_NAME: 'amzn-s3-demo' }, 'SERVICE_NAME', /reserved/],
    ['a service with the folder of AWS', { SERVICE_NAME: 'aws' }, 'SERVICE_NAME', /reserved/],
    ['a service with the folder of Docker', { SERVICE_NAME: 'containerd' }, 'SERVICE_NAME', /reserved/],
    ['a tag of the stack in another case', { TAGS: 'service=x' }, 'TAGS', /service is used by this stack/],
    ['the tag Name', { TAGS: 'Name=x' }, 'TAGS', /Name is used by this stack/],
    ['a tag twice', { TAGS: 'Team=a,Team=b' }, 'TAGS', /Team is used by this stack or listed twice/],
    ['a tag twice in other cases', { TAGS: 'Team=a,team=b' }, 'TAGS', /team is used/],
    [
      'more than 50 tags',
      { TAGS: Array.from({ length: 48 }, (_, at) => `k${at.toString()}=v`).join() },
      'TAGS',
      /has 51 tags, including .*; AWS allows 50/,
    ],
    ['a tag without a value', { TAGS: 'Team' }, 'TAGS', /key=value/],
    [
      'a secret for the service',
      { ENVIRONMENT: 'API_TOKEN=x' },
      'ENVIRONMENT',
      /store it in the SSM parameter that API_TOKEN_PARAMETER names/,
    ],
    [
      'an unknown secret for the service',
      { ENVIRONMENT: 'DB_PASSWORD=x' },
      'ENVIRONMENT',
      /store it in an SSM parameter/,
    ],
    ['another port for the service', { ENVIRONMENT: 'DOCS=off PORT=1' }, 'ENVIRONMENT', /^ENVIRONMENT: PORT/],
    ['an unknown setting', { ENVIRONMENT: 'LOGLEVEL=debug' }, 'ENVIRONMENT', /LOGLEVEL is not a setting/],
    ['a setting without a value', { ENVIRONMENT: 'DOCS' }, 'ENVIRONMENT', /DOCS has no value/],
    ['a setting twice', { ENVIRONMENT: 'DOCS=on DOCS=off' }, 'ENVIRONMENT', /DOCS is listed twice/],
    [
      'a quoted setting',
      { ENVIRONMENT: 'DOCS="off"' },
      'ENVIRONMENT',
      /DOCS has a value with characters other/,
    ],
    ["a tag in AWS's name", { TAGS: 'aws:x=1' }, 'TAGS', /cannot start with aws:/],
  ];
  for (const [what, env, field, reason] of refusals) {
    it(what, () => {
      const faults = faultsOf(env);
      const own = faults.filter((fault) => fault.startsWith(`${field}: `));
      assert.ok(
        own.some((fault) => reason.test(fault)),
        `no fault of ${field} matches ${String(reason)}: ${JSON.stringify(faults)}`,
      );
    });
  }

  it('template sequences of Terraform in every setting', () => {
    const existingVpc = new Set(['VPC_ID', 'ELB_SUBNET_IDS', 'HOST_SUBNET_IDS']);
    for (const name of Object.keys(settings)) {
      for (const value of ['${path.cwd}@a.b', '%{ if true }x%{ endif }']) {
        const env = {
          ...(existingVpc.has(name) && existing),
          DNS_NAME: 'a.b.c',
          STATE_BUCKET: 'example-state',
        };
        const faults = faultsOf({ ...env, HOST_SUBNETS: 'private', [name]: value });
        assert.ok(
          faults.some((fault) => fault.startsWith(`${name}: `)),
          `${name} accepts ${value}`,
        );
      }
    }
    assert.match(faultsOf({ ALARM_EMAIL: '${path.cwd}@a.b' }).join(), /ALARM_EMAIL: contains \$\{ or %\{/);
  });

  it('credentials, without printing them', () => {
    const token = Buffer.from('sre:secret-password').toString('base64');
    const faults = faultsOf({
      REPOSITORY: 'https://user:secret-token@git.example.com/sre/x.git?key=secret-key',
      API_TOKEN_PARAMETER: token,
      METRICS_TOKEN_PARAMETER: token,
    }).join('\n');
    assert.match(faults, /REPOSITORY: "https:\/\/…@git\.example\.com\/sre\/x\.git\?…" is not an https URL/);
    assert.match(faults, /API_TOKEN_PARAMETER: the value \(not shown\) is not the name of a parameter/);
    assert.doesNotMatch(faults, new RegExp(`secret|${token}`));
  });

  it('several settings, with one error', () => {
    const env = {
      ZONES: 'us-east-1a',
      MIN_HOSTS: '4',
      MAX_HOSTS: '2',
      INSTANCE_TYPE: 'huge',
      ELB_NAME: '-',
      TAGS: 'x',
    };
    const fields = faultsOf(env).map((fault) => fault.split(':')[0]);
    assert.deepEqual([...new Set(fields)].sort(), [
      'ELB_NAME',
      'INSTANCE_TYPE',
      'MAX_HOSTS',
      'TAGS',
      'ZONES',
    ]);
  });
});

describe('ENVIRONMENT', () => {
  const service = (ENVIRONMENT: string) => readConfig({ ...source, ENVIRONMENT }).environment;

  it('protects the last host of the own ELB, unless it sets PROTECT_LAST_IN_SERVICE', () => {
    assert.deepEqual(service(''), { PROTECT_LAST_IN_SERVICE: 'default-elb' });
    assert.deepEqual(service('PROTECT_LAST_IN_SERVICE=false'), { PROTECT_LAST_IN_SERVICE: 'false' });
    assert.deepEqual(service(' LOG_LEVEL=debug\n DOCS=off '), {
      PROTECT_LAST_IN_SERVICE: 'default-elb',
      LOG_LEVEL: 'debug',
      DOCS: 'off',
    });
  });

  it('accepts or refuses each setting of the service', () => {
    const source = readFileSync(join(__dirname, '../../api/config/setting-names.ts'), 'utf8');
    const [own = ''] = /const ownNames\b[^;]*;/.exec(source) ?? [];
    const names = own.match(/\b[A-Z][A-Z0-9_]+\b/g) ?? [];
    assert.deepEqual([...passedOn, ...Object.keys(refused)].sort(), names.sort());
  });

  it('is checked by the service itself, so that a host does not refuse to start', () => {
    assert.deepEqual(faultsOf({ ENVIRONMENT: 'LOG_LEVEL=loud AWS_DEADLINE_MS=5 DOCS=off' }), [
      'ENVIRONMENT: AWS_DEADLINE_MS must be a whole number from 500 to 55000, for example AWS_DEADLINE_MS=8000',
      'ENVIRONMENT: LOG_LEVEL must be debug or info or warn or error or silent, for example LOG_LEVEL=info',
    ]);
    // The default of PROTECT_LAST_IN_SERVICE.
    assert.match(faultsOf({ ELB_NAME: 'yes' }).join(), /^ENVIRONMENT: PROTECT_LAST_IN_SERVICE must be/);
  });

  it('does not show a value in a fault', () => {
    for (const env of [
      'API_TOKEN=hunter2',
      'MY_SECRET=hunter2',
      'DOCS="hunter2"',
      'X=hunter2 X=hunter2',
      'hunter2=',
      'HUNTER2',
      'LOG_LEVEL=hunter2',
    ]) {
      const faults = faultsOf({ ENVIRONMENT: env });
      assert.notEqual(faults.length, 0, env);
      assert.doesNotMatch(String(faults), /hunter2/i);
    }
  });
});

describe('readConfig accepts', () => {
  for (const [name, env] of Object.entries(variants)) {
    it(`the variant "${name}"`, () => {
      assert.deepEqual(faultsOf(env), []);
    });
  }

  const types = [
    't3a.nano',
    'm7i-flex.large',
    'c6gn.16xlarge',
    'u-6tb1.metal',
    'i4i.metal',
    'r7iz.metal-16xl',
    'g4dn.xlarge',
  ];
  for (const INSTANCE_TYPE of types) {
    it(`instance type ${INSTANCE_TYPE}`, () => {
      assert.deepEqual(faultsOf({ INSTANCE_TYPE }), []);
    });
  }

  it('types, and derives their architecture', () => {
    const architecture = (INSTANCE_TYPE: string) =>
      readConfig({ ...source, INSTANCE_TYPE }).hosts.architecture;
    for (const type of ['t4g.micro', 'c6gn.large', 'x2gd.large', 'a1.large', 'im4gn.large', 'g5g.xlarge'])
      assert.equal(architecture(type), 'arm64', type);
    for (const type of ['t3.micro', 'm7i-flex.large', 'g4dn.xlarge', 'm6a.large', 'c5n.large'])
      assert.equal(architecture(type), 'x86_64', type);
  });

  it('HTTP=redirect with a certificate by default, and sets it in the service', () => {
    const CERTIFICATE_ARN = 'arn:aws:iam::123456789012:server-certificate/api';
    const of = (env: Env) => {
      const { front, environment } = readConfig({ ...source, ...env });
      return [front.http, environment['REDIRECT_HTTP']];
    };
    assert.deepEqual(of({}), ['on', undefined]);
    assert.deepEqual(of({ CERTIFICATE_ARN }), ['redirect', 'on']);
    assert.deepEqual(of({ CERTIFICATE_ARN, HTTP: 'on' }), ['on', undefined]);
    assert.deepEqual(of({ CERTIFICATE_ARN, HTTP: 'off' }), ['off', undefined]);
  });

  it('50 tags, and a repository with port 443', () => {
    const TAGS = Array.from({ length: 47 }, (_, at) => `k${at.toString()}=v`).join();
    assert.deepEqual(faultsOf({ TAGS, REPOSITORY: 'https://git.example.com:443/x.git' }), []);
  });

  it('SSH to private hosts from a VPN', () => {
    assert.deepEqual(faultsOf({ HOST_SUBNETS: 'private', SSH_CIDRS: '10.8.0.0/16,100.64.0.0/10' }), []);
  });

  it('version tags and commits for a group', () => {
    for (const GIT_REF of ['v1.2.3', '2.0', 'v1.0.0-rc.1', 'f'.repeat(40)])
      assert.deepEqual(faultsOf({ GIT_REF }), [], GIT_REF);
  });

  it('an empty variable as unset', () => {
    assert.equal(readConfig({ ...source, ELB_NAME: '', ZONES: ' ' }).elbName, 'default-elb');
  });

  it('a VPC without subnet blocks, and divides it into sixteenths', () => {
    const { network } = readConfig({ ...source, HOST_SUBNETS: 'private' });
    assert.ok(network.kind === 'own');
    assert.deepEqual(
      [...network.publicSubnets, ...network.privateSubnets].map(({ zone, cidr }) => `${zone} ${cidr}`),
      ['0 10.20.0.0/20', '1 10.20.16.0/20', '0 10.20.128.0/20', '1 10.20.144.0/20'],
    );
  });
});
