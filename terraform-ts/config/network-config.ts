import { contains, overlaps, parseCidr, sixteenth, type Cidr } from './cidr';
import type { EnvironmentReader } from './environment';
import type { SettingName } from './settings';

/** A subnet to create. */
export interface SubnetConfig {
  /** The zone. For the default zones, the index in the list of zones in the region. */
  readonly zone: string | number;
  readonly cidr: string;
}

/** A VPC to create, or an existing VPC. */
export type NetworkConfig =
  | {
      readonly kind: 'own';
      readonly cidr: string;
      readonly publicSubnets: readonly SubnetConfig[];
      /** Empty if the hosts are in the public subnets. */
      readonly privateSubnets: readonly SubnetConfig[];
    }
  | {
      readonly kind: 'existing';
      readonly vpcId: string;
      readonly elbSubnetIds: readonly string[];
      readonly hostSubnetIds: readonly string[];
    };

const ownOnly = ['ZONES', 'VPC_CIDR', 'PUBLIC_SUBNET_CIDRS', 'PRIVATE_SUBNET_CIDRS'] as const;
/**
 * An internet-facing ELB requires a /27 subnet with 8 free addresses in each zone (Classic Load Balancer user guide).
 */
const smallestSubnet = 27;

export function readNetwork(
  read: EnvironmentReader,
  region: string,
  hostsArePrivate: boolean,
): NetworkConfig {
  return read.given('VPC_ID') ? existing(read) : own(read, region, hostsArePrivate);
}

function existing(read: EnvironmentReader): NetworkConfig {
  read.refuse(ownOnly, 'with VPC_ID');
  const subnet = /^subnet-([0-9a-f]{8}|[0-9a-f]{17})$/;
  const elbSubnetIds = read.list('ELB_SUBNET_IDS', subnet, 'the id of a subnet') ?? [];
  const hostSubnetIds = read.list('HOST_SUBNET_IDS', subnet, 'the id of a subnet') ?? [];
  if (elbSubnetIds.length < 2) read.fault('ELB_SUBNET_IDS', 'needs subnets in two or more zones with VPC_ID');
  if (hostSubnetIds.length < 1) read.fault('HOST_SUBNET_IDS', 'needs a subnet with VPC_ID');
  const vpcId = read.text('VPC_ID', /^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/, 'the id of a VPC');
  return { kind: 'existing', vpcId, elbSubnetIds, hostSubnetIds };
}

function own(read: EnvironmentReader, region: string, hostsArePrivate: boolean): NetworkConfig {
  read.refuse(['ELB_SUBNET_IDS', 'HOST_SUBNET_IDS'], 'without VPC_ID');
  if (!hostsArePrivate) read.refuse(['PRIVATE_SUBNET_CIDRS'], 'with HOST_SUBNETS=public');
  const zonePattern = new RegExp(`^${region}[a-z]$`);
  const zones: (string | number)[] = read.list('ZONES', zonePattern, `a zone of ${region}`) ?? [0, 1];
  if (zones.length < 2 || zones.length > 6)
    read.fault('ZONES', 'needs two to six zones; with one zone, a failure of the zone stops the service');
  const cidr = read.text('VPC_CIDR', /^/, '');
  const vpc = parseCidr(cidr);
  if (typeof vpc === 'string') read.fault('VPC_CIDR', vpc);
  else if (vpc.prefix < 16 || vpc.prefix > 28)
    read.fault('VPC_CIDR', `"${cidr}" is not between /16 and /28, the sizes that AWS allows for a VPC`);

  const taken: [SettingName, Cidr][] = [];
  const subnets = (field: SettingName, offset: number): SubnetConfig[] => {
    const texts =
      read.list(field, /^/, '') ??
      (typeof vpc === 'string' ? [] : zones.map((_, at) => sixteenth(vpc, at + offset)));
    if (typeof vpc === 'string') return [];
    if (texts.length !== zones.length)
      read.fault(field, `has ${texts.length.toString()} blocks for ${zones.length.toString()} zones`);
    for (const text of texts) {
      const block = parseCidr(text);
      if (typeof block === 'string') {
        read.fault(field, block);
        continue;
      }
      if (!contains(vpc, block)) read.fault(field, `${text} is not inside VPC_CIDR ${cidr}`);
      if (block.prefix < 16 || block.prefix > smallestSubnet)
        read.fault(
          field,
          `${text} is not between /16 and /${smallestSubnet.toString()}; an ELB needs the addresses of a /${smallestSubnet.toString()}`,
        );
      const other = taken.find(([, seen]) => overlaps(seen, block));
      if (other) read.fault(field, `${text} overlaps ${other[1].text} of ${other[0]}`);
      taken.push([field, block]);
    }
    return texts.map((text, at) => ({ zone: zones[at] ?? '', cidr: text }));
  };
  const publicSubnets = subnets('PUBLIC_SUBNET_CIDRS', 0);
  const privateSubnets = hostsArePrivate ? subnets('PRIVATE_SUBNET_CIDRS', 8) : [];
  return { kind: 'own', cidr, publicSubnets, privateSubnets };
}
