import { createHash } from 'node:crypto';
import type { Behaviour } from './undocumented-behaviour.ts';
import type { RegionClock } from './clock.ts';
import type { Instance, InstanceState } from './instance.ts';
import { newSpec, type LoadBalancerSpec } from './load-balancer-spec.ts';
import { MAIN_VPC, OTHER_VPC, subnetsOf } from './vpcs.ts';
import { Region } from './region.ts';

type Row = readonly [
  id: string,
  type: string,
  launch: string,
  zone: string,
  vpcId?: string,
  state?: InstanceState,
];

/**
 * The launch times in EC2 are in whole seconds. The first one includes the milliseconds of the sample in the API
 * contract.
 */
const INSTANCES: readonly Row[] = [
  ['i-5203422c', 't1.micro', '2016-08-29T09:12:33.001Z', 'a'],
  ['i-0a4f8c3e9d1b27650', 't3.medium', '2023-03-14T08:05:21.000Z', 'b'],
  ['i-6d304aae', 'm3.large', '2015-11-02T17:40:09.000Z', 'c'],
  ['i-0b22a22eec53b9321', 't3.micro', '2024-01-09T11:30:00.000Z', 'a'],
  ['i-0c4d1e7f8a9b03562', 't3.micro', '2024-01-09T11:30:02.000Z', 'b'],
  ['i-0d5e2f809b1c14673', 't3.micro', '2024-01-09T11:30:04.000Z', 'c'],
  ['i-0e6f30a1bc2d25784', 'm5.large', '2022-06-30T22:15:47.000Z', 'a'],
  ['i-0f7041b2cd3e36895', 'm5.large', '2022-06-30T22:15:49.000Z', 'b'],
  ['i-008152c3de4f479a6', 'm5.xlarge', '2021-12-01T06:00:13.000Z', 'c'],
  ['i-019263d4ef5058ab7', 'c5.xlarge', '2023-09-18T14:22:36.000Z', 'a'],
  ['i-02a374e5f06169bc8', 'c5.xlarge', '2023-09-18T14:22:38.000Z', 'b'],
  ['i-03b485f601727acd9', 'c6g.large', '2024-05-27T19:48:55.000Z', 'c'],
  ['i-1f8b3e07', 'm1.small', '2014-02-11T10:03:58.000Z', 'a'],
  ['i-9a0c47d2', 't2.micro', '2016-12-24T23:59:59.000Z', 'b'],
  ['i-c3e5570b', 't2.small', '2017-07-04T13:37:00.000Z', 'c'],
  ['i-04c59607128380dea', 'r5.2xlarge', '2022-10-10T10:10:10.000Z', 'a'],
  ['i-05d6a718239491efb', 't4g.nano', '2024-08-15T04:32:18.000Z', 'b'],
  ['i-06e7b8293405a2f0c', 't4g.small', '2024-08-15T04:32:20.000Z', 'c'],
  ['i-07f8c93a4516b301d', 'm6i.large', '2023-12-31T00:00:01.000Z', 'a'],
  ['i-0809da4b5627c412e', 't3.small', '2023-05-05T15:55:05.000Z', 'd'],
  ['i-091aeb5c6738d523f', 't3.large', '2023-02-20T12:00:44.000Z', 'b', MAIN_VPC, 'stopped'],
  ['i-0a2bfc6d7849e6340', 't2.medium', '2018-04-16T09:21:07.000Z', 'c', MAIN_VPC, 'terminated'],
  ['i-0b3c0d7e895af7451', 'm4.large', '2019-10-21T16:45:30.000Z', 'a', OTHER_VPC],
  ['i-0c4d1e8f9a6b08562', 'm4.large', '2019-10-21T16:45:32.000Z', 'b', OTHER_VPC],
  ['i-74d1b6ef', 'c3.large', '2015-05-19T07:08:09.000Z', 'a', OTHER_VPC],
];

/** The number of load balancers and instances, including those in the sample. */
export interface RegionSize {
  readonly elbs?: number | undefined;
  readonly instances?: number | undefined;
}

/**
 * Returns a region with `default-elb` (3 members in service), `empty-elb`, `other-vpc-elb` (1 member) and 25 instances. With
 * `size`, adds generated load balancers and instances up to that size, with the instances distributed evenly as members.
 */
export function sampleRegion(
  name: string,
  clock: RegionClock,
  size: RegionSize = {},
  behaviour: Partial<Behaviour> = {},
): Region {
  const region = new Region(name, clock, behaviour);
  INSTANCES.forEach((row, ordinal) => {
    region.addInstance(sampleInstance(name, row, ordinal));
  });
  region.putLoadBalancer({ ...newSpec(name, 'default-elb', '2016-08-30T10:01:44.490Z'), ...shortTimes(3) });
  region.loadBalancer('default-elb').setMembers(['i-5203422c', 'i-0a4f8c3e9d1b27650', 'i-6d304aae']);
  region.putLoadBalancer({ ...newSpec(name, 'empty-elb', '2024-01-09T11:00:12.350Z'), ...shortTimes(2) });
  region.putLoadBalancer({
    ...newSpec(name, 'other-vpc-elb', '2019-10-21T17:02:03.770Z', OTHER_VPC),
    scheme: 'internal',
    connectionDraining: { enabled: false, timeout: 300 },
  });
  region.loadBalancer('other-vpc-elb').setMembers(['i-0b3c0d7e895af7451']);
  generate(region, (size.elbs ?? 0) - 3, (size.instances ?? 0) - INSTANCES.length);
  return region;
}

/** Short times for manual tests: an instance is in service after 5 s × threshold, and drained after 20 s. */
function shortTimes(healthyThreshold: number): Pick<LoadBalancerSpec, 'healthCheck' | 'connectionDraining'> {
  return {
    healthCheck: {
      target: 'HTTP:8000/healthcheck',
      interval: 5,
      timeout: 2,
      unhealthyThreshold: 2,
      healthyThreshold,
    },
    connectionDraining: { enabled: true, timeout: 20 },
  };
}

function sampleInstance(region: string, row: Row, ordinal: number): Instance {
  const [instanceId, instanceType, launch, zone, vpcId = MAIN_VPC, state = 'running'] = row;
  const launchTime = new Date(launch).getTime();
  return {
    instanceId,
    ordinal,
    name: `web-${ordinal + 1}`,
    instanceType,
    state,
    launchTime,
    availabilityZone: region + zone,
    subnetId: subnetsOf(vpcId, [zone])[0]?.subnetId ?? '',
    vpcId,
    check: 'passing',
    checkSince: launchTime,
    forgotten: false,
  };
}

function generate(region: Region, elbs: number, instances: number): void {
  const names = Array.from({ length: Math.max(elbs, 0) }, (_, n) => `elb-${String(n + 1).padStart(4, '0')}`);
  const members = names.map((): string[] => []);
  const firstLaunch = Date.parse('2020-01-01T00:00:00Z');
  for (let n = 0; n < instances; n++) {
    const id = `i-0${digest(`instance ${n}`, 16)}`;
    const type = INSTANCES[n % INSTANCES.length]?.[1] ?? 't3.micro';
    const launch = new Date(firstLaunch + n * 997_000).toISOString();
    region.addInstance(
      sampleInstance(region.name, [id, type, launch, 'abc'.charAt(n % 3)], INSTANCES.length + n),
    );
    members[n % members.length]?.push(id);
  }
  names.forEach((name, n) => {
    region.putLoadBalancer(newSpec(region.name, name, firstLaunch + n * 60_000));
    region.loadBalancer(name).setMembers(members[n] ?? []);
  });
}

/** Returns hex digits that look random but are the same at every startup. */
function digest(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}
