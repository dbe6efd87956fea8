import { DataAwsAvailabilityZones } from '@cdktf/provider-aws/lib/data-aws-availability-zones';
import { DefaultSecurityGroup } from '@cdktf/provider-aws/lib/default-security-group';
import { Eip } from '@cdktf/provider-aws/lib/eip';
import { InternetGateway } from '@cdktf/provider-aws/lib/internet-gateway';
import { NatGateway } from '@cdktf/provider-aws/lib/nat-gateway';
import { Route } from '@cdktf/provider-aws/lib/route';
import { RouteTable } from '@cdktf/provider-aws/lib/route-table';
import { RouteTableAssociation } from '@cdktf/provider-aws/lib/route-table-association';
import { Subnet } from '@cdktf/provider-aws/lib/subnet';
import { Vpc } from '@cdktf/provider-aws/lib/vpc';
import { Fn, Token, type ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { NetworkConfig, SubnetConfig } from '../config/network-config';

export interface NetworkProps {
  readonly name: string;
  readonly region: string;
  readonly network: NetworkConfig;
}

type OwnNetwork = Extract<NetworkConfig, { kind: 'own' }>;
interface InternetRoute {
  readonly route: Route;
  readonly tableId: string;
}

const everywhere = '0.0.0.0/0';

/** A new VPC with subnets, or an existing VPC. */
export class Network extends Construct {
  readonly vpcId: string;
  readonly elbSubnetIds: string[];
  readonly hostSubnetIds: string[];
  /** The routes to the internet. A host that boots without them cannot install packages. */
  readonly ready: ITerraformDependable[] = [];
  private readonly region: string;
  private zones: DataAwsAvailabilityZones | undefined;

  constructor(scope: Construct, id: string, { name, region, network }: NetworkProps) {
    super(scope, id);
    this.region = region;
    if (network.kind === 'existing') {
      this.vpcId = network.vpcId;
      this.elbSubnetIds = [...network.elbSubnetIds];
      this.hostSubnetIds = [...network.hostSubnetIds];
      return;
    }
    const vpc = new Vpc(this, 'vpc', {
      cidrBlock: network.cidr,
      enableDnsHostnames: true,
      enableDnsSupport: true,
      tags: { Name: name },
    });
    // The default security group of a VPC allows traffic between its members. It is not used, so all its rules are
    // removed.
    new DefaultSecurityGroup(this, 'default-security-group', { vpcId: vpc.id });
    const internet = this.internetRoute(vpc, name);
    const publicSubnets = this.publicSubnets(vpc, name, network, internet);
    this.vpcId = vpc.id;
    this.elbSubnetIds = publicSubnets.map(({ id }) => id);
    this.hostSubnetIds =
      network.privateSubnets.length === 0
        ? this.elbSubnetIds
        : network.privateSubnets.map((subnet, at) =>
            this.privateSubnet(vpc, name, subnet, publicSubnets[at], internet),
          );
    this.ready.push(internet.route);
  }

  private internetRoute(vpc: Vpc, name: string): InternetRoute {
    const gateway = new InternetGateway(this, 'internet-gateway', { vpcId: vpc.id, tags: { Name: name } });
    const table = new RouteTable(this, 'public-routes', { vpcId: vpc.id, tags: { Name: `${name}-public` } });
    const route = new Route(this, 'public-default-route', {
      routeTableId: table.id,
      destinationCidrBlock: everywhere,
      gatewayId: gateway.id,
    });
    return { route, tableId: table.id };
  }

  private publicSubnets(vpc: Vpc, name: string, network: OwnNetwork, internet: InternetRoute): Subnet[] {
    return network.publicSubnets.map((config) => {
      const { id, placement, zone } = this.place(config);
      const subnet = new Subnet(this, `public-${id}`, {
        vpcId: vpc.id,
        ...placement,
        mapPublicIpOnLaunch: network.privateSubnets.length === 0,
        tags: { Name: `${name}-public-${zone}` },
      });
      this.ready.push(
        new RouteTableAssociation(this, `public-${id}-routes`, {
          subnetId: subnet.id,
          routeTableId: internet.tableId,
        }),
      );
      return subnet;
    });
  }

  /** There is one NAT gateway per zone, so that a failed zone does not affect the others. */
  private privateSubnet(
    vpc: Vpc,
    name: string,
    config: SubnetConfig,
    beside: Subnet | undefined,
    internet: InternetRoute,
  ): string {
    const { id, placement, zone } = this.place(config);
    if (!beside) throw new Error(`The zone ${zone} has no public subnet for its NAT gateway.`);
    const tags = { Name: `${name}-private-${zone}` };
    const subnet = new Subnet(this, `private-${id}`, { vpcId: vpc.id, ...placement, tags });
    const address = new Eip(this, `nat-${id}-address`, { domain: 'vpc', tags, dependsOn: [internet.route] });
    const nat = new NatGateway(this, `nat-${id}`, {
      allocationId: address.id,
      subnetId: beside.id,
      tags,
      dependsOn: [internet.route],
    });
    const table = new RouteTable(this, `private-${id}-routes`, { vpcId: vpc.id, tags });
    this.ready.push(
      new Route(this, `private-${id}-default-route`, {
        routeTableId: table.id,
        destinationCidrBlock: everywhere,
        natGatewayId: nat.id,
      }),
      new RouteTableAssociation(this, `private-${id}-association`, {
        subnetId: subnet.id,
        routeTableId: table.id,
      }),
    );
    return subnet.id;
  }

  /**
   * A region does not necessarily have zones a and b (Tokyo has a, c and d), so the default zones come from AWS. The
   * ids of the constructs still end in a and b, as in earlier versions, and a subnet stays in its zone: a different id
   * or zone would replace the subnet.
   */
  private place({ zone, cidr }: SubnetConfig) {
    if (typeof zone === 'string')
      return { id: zone, zone, placement: { availabilityZone: zone, cidrBlock: cidr } };
    this.zones ??= new DataAwsAvailabilityZones(this, 'zones', {
      state: 'available',
      // Excludes Local Zones and Wavelength Zones.
      filter: [{ name: 'opt-in-status', values: ['opt-in-not-required'] }],
    });
    const name = Token.asString(Fn.element(this.zones.names, zone));
    return {
      id: `${this.region}${'ab'.charAt(zone)}`,
      zone: name,
      placement: {
        availabilityZone: name,
        cidrBlock: cidr,
        lifecycle: { ignoreChanges: ['availability_zone'] },
      },
    };
  }
}
