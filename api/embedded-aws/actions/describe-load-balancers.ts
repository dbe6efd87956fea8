import { AwsError } from '../protocol/aws-error.ts';
import type { LoadBalancerSpec } from '../region/load-balancer-spec.ts';
import type { ListedInstance, LoadBalancer } from '../region/load-balancer.ts';
import { ACCOUNT_ID } from '../region/vpcs.ts';
import type { Region } from '../region/region.ts';
import { xml, type Query } from '../protocol/query-protocol.ts';

/** The hosted zone of every Classic Load Balancer in us-east-1 (AWS general reference, ELB endpoints). */
const HOSTED_ZONE = 'Z35SXDOTRQ7X7K';
const MAX_PAGE_SIZE = 400;

/**
 * Implements DescribeLoadBalancers for all or for the named load balancers, in pages of 1 to 400 (ELB service model).
 * `Behaviour.listDraining` determines whether draining instances are listed.
 * @throws AwsError LoadBalancerNotFound, ValidationError
 */
export function describeLoadBalancers(region: Region, query: Query): string {
  const names = query.list('LoadBalancerNames.member');
  const all = names.length > 0 ? names.map((name) => region.loadBalancer(name)) : region.loadBalancers();
  const size = readPageSize(query.get('PageSize'));
  const start = readMarker(query.get('Marker'), all);
  const page = all.slice(start, start + size);
  const last = page.at(-1);
  const next = last && start + size < all.length ? `<NextMarker>${marker(last)}</NextMarker>` : '';
  return `<LoadBalancerDescriptions>${page.map(memberXml).join('')}</LoadBalancerDescriptions>${next}`;
}

/** Returns the `Instances` element, which is also part of the responses to Register and Deregister. */
export function instancesXml(members: readonly ListedInstance[]): string {
  let text = instancesCache.get(members);
  if (text === undefined) {
    text = xml({ Instances: { member: members.map(({ instanceId }) => ({ InstanceId: instanceId })) } });
    instancesCache.set(members, text);
  }
  return text;
}

const instancesCache = new WeakMap<readonly ListedInstance[], string>();
const specCache = new WeakMap<LoadBalancerSpec, string>();

function memberXml({ spec, listed }: LoadBalancer): string {
  let text = specCache.get(spec);
  if (text === undefined) {
    text = specXml(spec);
    specCache.set(spec, text);
  }
  return `<member>${text}${instancesXml(listed)}</member>`;
}

function specXml(spec: LoadBalancerSpec): string {
  const { target, interval, timeout, unhealthyThreshold, healthyThreshold } = spec.healthCheck;
  return xml({
    LoadBalancerName: spec.name,
    DNSName: spec.dnsName,
    CanonicalHostedZoneName: spec.dnsName,
    CanonicalHostedZoneNameID: HOSTED_ZONE,
    ListenerDescriptions: {
      member: {
        Listener: { Protocol: 'HTTP', LoadBalancerPort: 80, InstanceProtocol: 'HTTP', InstancePort: 8000 },
        PolicyNames: '',
      },
    },
    Policies: { AppCookieStickinessPolicies: '', LBCookieStickinessPolicies: '', OtherPolicies: '' },
    BackendServerDescriptions: '',
    AvailabilityZones: { member: spec.availabilityZones },
    Subnets: { member: spec.subnets },
    VPCId: spec.vpcId,
    HealthCheck: {
      Target: target,
      Interval: interval,
      Timeout: timeout,
      UnhealthyThreshold: unhealthyThreshold,
      HealthyThreshold: healthyThreshold,
    },
    SourceSecurityGroup: { OwnerAlias: ACCOUNT_ID, GroupName: 'elb' },
    SecurityGroups: { member: ['sg-0e1b2c3d4f5a69788'] },
    CreatedTime: new Date(spec.createdTime).toISOString(),
    Scheme: spec.scheme,
  });
}

function readPageSize(text: string | undefined): number {
  if (text === undefined) return MAX_PAGE_SIZE;
  const size = Number(text);
  if (Number.isInteger(size) && size >= 1 && size <= MAX_PAGE_SIZE) return size;
  const bound = size < 1 ? 'greater than or equal to 1' : `less than or equal to ${MAX_PAGE_SIZE}`;
  const constraint = `failed to satisfy constraint: Member must have value ${bound}`;
  throw new AwsError(
    'ValidationError',
    `1 validation error detected: Value '${text}' at 'pageSize' ${constraint}`,
  );
}

/** Returns an opaque marker that contains the name of the last load balancer on the page. */
function marker({ spec }: LoadBalancer): string {
  return Buffer.from(spec.name).toString('base64url');
}

function readMarker(text: string | undefined, all: readonly LoadBalancer[]): number {
  if (text === undefined) return 0;
  const last = all.findIndex((balancer) => marker(balancer) === text);
  // This message is a guess: no source documents the error for an invalid marker.
  if (last === -1) throw new AwsError('ValidationError', `The marker '${text}' is not valid`);
  return last + 1;
}
