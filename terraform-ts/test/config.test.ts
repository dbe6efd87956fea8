import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../config/config';
import { ConfigError, type Env } from '../config/environment';
import { passedOn, refused } from '../config/service-environment';
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
    ['an address without @', { ALARM_EMAIL: 'sre' }, 'ALARM_EMAIL', /e-mail address/],
    [
      'a retention CloudWatch does not know',
      { LOG_RETENTION_DAYS: '31' },
      'LOG_RETENTION_DAYS',
      /31 is not one of 1, 3, 5/,
    ],
    ['a bucket no S3 has', { STATE_BUCKET: 'My_Bucket' }, 'STATE_BUCKET', /name of an S3 bucket/],
    ['a state key without a bucket', { STATE_KEY: 'x' }, 'STATE_KEY', /no effect without STATE_BUCKET/],
    ['a tag without a value', { TAGS: 'Team' }, 'TAGS', /key=value/],
    ['a secret for the service', { ENVIRONMENT: 'API_TOKEN=x' }, 'ENVIRONMENT', /store it in the parameter/],
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

  it('does not show a value in a fault', () => {
    for (const env of [
      'API_TOKEN=hunter2',
      'MY_SECRET=hunter2',
      'DOCS="hunter2"',
      'X=hunter2 X=hunter2',
      'hunter2=',
    ])
      assert.doesNotMatch(faultsOf({ ENVIRONMENT: env }).join(), /hunter2/);
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
      [
        'us-east-1a 10.20.0.0/20',
        'us-east-1b 10.20.16.0/20',
        'us-east-1a 10.20.128.0/20',
        'us-east-1b 10.20.144.0/20',
      ],
    );
  });
});
