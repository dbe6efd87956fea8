import { parseCidr } from './cidr';
import type { EnvironmentReader } from './environment';
import { partitionOf } from './partition';

/** The settings that determine how clients reach the ELB. */
export interface FrontConfig {
  /** The behaviour of port 80. `off` means that there is no listener. */
  readonly http: 'on' | 'redirect' | 'off';
  /** The certificate for HTTPS on port 443. Undefined without HTTPS. */
  readonly certificateArn: string | undefined;
  readonly internal: boolean;
  readonly allowedCidrs: readonly string[];
  readonly dns: DnsConfig | undefined;
  /** Whether Route 53 checks the API from the internet. */
  readonly healthCheck: boolean;
}

export interface DnsConfig {
  readonly name: string;
  /** The Route 53 zone for the record, by name or by id. Undefined if this stack does not create the record. */
  readonly zone: { readonly name: string } | { readonly id: string } | undefined;
}

const domainName = /^(?=.{1,253}$)([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$/;
const zoneId = /^Z[0-9A-Z]{5,31}$/;

export function readFront(read: EnvironmentReader, region: string): FrontConfig {
  const certificateArn = read.optional(
    'CERTIFICATE_ARN',
    /^arn:aws[\w-]*:(acm:[\w-]+|iam:):\d{12}:(server-)?certificate\/[\w/+=,.@-]+$/,
    'the ARN of an ACM or IAM certificate',
  );
  const internal = read.oneOf('ELB_SCHEME', ['internet-facing', 'internal']) === 'internal';
  return {
    http: readHttp(read, certificateArn !== undefined),
    certificateArn,
    internal,
    allowedCidrs: readAllowedCidrs(read),
    dns: readDns(read),
    healthCheck: readHealthCheck(read, internal, region),
  };
}

function readHealthCheck(read: EnvironmentReader, internal: boolean, region: string): boolean {
  const on = read.oneOf('HEALTH_CHECK', ['off', 'on']) === 'on';
  if (on && internal)
    read.fault('HEALTH_CHECK', 'cannot reach an ELB with ELB_SCHEME=internal; remove one of them');
  if (on && region !== '' && partitionOf(region)?.name !== 'aws')
    read.fault('HEALTH_CHECK', `does not exist in the partition of ${region}; remove it`);
  return on;
}

function readHttp(read: EnvironmentReader, https: boolean): FrontConfig['http'] {
  if (!read.given('HTTP')) return https ? 'redirect' : 'on';
  const http = read.oneOf('HTTP', ['on', 'redirect', 'off']);
  if (http !== 'on' && !https)
    read.fault('HTTP', `${http} closes the API for all clients without HTTPS; set CERTIFICATE_ARN`);
  return http;
}

function readAllowedCidrs(read: EnvironmentReader): readonly string[] {
  const texts = read.list('ALLOWED_CIDRS', /^/, '') ?? [];
  for (const text of texts) {
    const block = parseCidr(text);
    if (typeof block === 'string') read.fault('ALLOWED_CIDRS', block);
  }
  return texts;
}

function readDns(read: EnvironmentReader): DnsConfig | undefined {
  const name = read.optional(
    'DNS_NAME',
    domainName,
    'a DNS name in lower case, such as inventory.example.com',
  );
  if (name === undefined) {
    read.refuse(['DNS_ZONE'], 'without DNS_NAME');
    return undefined;
  }
  const zone = read.optional('DNS_ZONE', /^/, '') ?? name.slice(name.indexOf('.') + 1);
  if (zone === 'none') return { name, zone: undefined };
  if (zoneId.test(zone)) return { name, zone: { id: zone } };
  if (!domainName.test(zone))
    read.fault('DNS_ZONE', `"${zone}" is not the name or id of a Route 53 zone; set it, or set it to none`);
  else if (name !== zone && !name.endsWith(`.${zone}`))
    read.fault('DNS_ZONE', `${zone} does not contain DNS_NAME ${name}; set the zone of that name`);
  return { name, zone: { name: zone } };
}
