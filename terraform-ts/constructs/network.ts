import { DefaultSecurityGroup } from '@cdktf/provider-aws/lib/default-security-group';
import { Eip } from '@cdktf/provider-aws/lib/eip';
import { InternetGateway } from '@cdktf/provider-aws/lib/internet-gateway';
import { NatGateway } from '@cdktf/provider-aws/lib/nat-gateway';
import { Route } from '@cdktf/provider-aws/lib/route';
import { RouteTable } from '@cdktf/provider-aws/lib/route-table';
import { RouteTableAssociation } from '@cdktf/provider-aws/lib/route-table-association';
import { Subnet } from '@cdktf/provider-aws/lib/subnet';
import { Vpc } from '@cdktf/provider-aws/lib/vpc';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { NetworkConfig, SubnetConfig } from '../config/network-config';

export interface NetworkProps {
  readonly name: string;
  readonly network: NetworkConfig;
}

type OwnNetwork = Extract<NetworkConfig, { kind: 'own' }>;
const everywhere = '0.0.0.0/0';

/** A new VPC with subnets, or an existing one. */
export class Network extends Construct {
  readonly vpcId: string;
  readonly elbSubnetIds: string[];
  readonly hostSubnetIds: string[];
  /** The routes to the internet; a host that boots without them cannot install packages. */
  readonly ready: ITerraformDependable[] = [];

  constructor(scope: Construct, id: string, { name, network }: NetworkProps) {
    super(scope, id);
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
    // The default group of a VPC allows traffic between its members. It is unused, so it gets no rules.
    new DefaultSecurityGroup(this, 'default-security-group', { vpcId: vpc.id });
    const publicSubnets = this.publicSubnets(vpc, name, network);
    this.vpcId = vpc.id;
    this.elbSubnetIds = publicSubnets.map(({ id }) => id);
    this.hostSubnetIds =
      network.privateSubnets.length === 0
        ? this.elbSubnetIds
        : network.privateSubnets.map((subnet, at) =>
            this.privateSubnet(vpc, name, subnet, publicSubnets[at]),
          );
  }

  private publicSubnets(vpc: Vpc, name: string, network: OwnNetwork): Subnet[] {
    const gateway = new InternetGateway(this, 'internet-gateway', { vpcId: vpc.id, tags: { Name: name } });
    const table = new RouteTable(this, 'public-routes', { vpcId: vpc.id, tags: { Name: `${name}-public` } });
    this.ready.push(
      new Route(this, 'public-default-route', {
        routeTableId: table.id,
        destinationCidrBlock: everywhere,
        gatewayId: gateway.id,
      }),
    );
    return network.publicSubnets.map(({ zone, cidr }) => {
      const subnet = new Subnet(this, `public-${zone}`, {
        vpcId: vpc.id,
        availabilityZone: zone,
        cidrBlock: cidr,
        mapPublicIpOnLaunch: network.privateSubnets.length === 0,
        tags: { Name: `${name}-public-${zone}` },
      });
      this.ready.push(
        new RouteTableAssociation(this, `public-${zone}-routes`, {
          subnetId: subnet.id,
          routeTableId: table.id,
        }),
      );
      return subnet;
    });
  }

  /** One NAT gateway per zone, so that a failed zone does not affect the others. */
  private privateSubnet(
    vpc: Vpc,
    name: string,
    { zone, cidr }: SubnetConfig,
    beside: Subnet | undefined,
  ): string {
    if (!beside) throw new Error(`The zone ${zone} has no public subnet for its NAT gateway.`);
    const tags = { Name: `${name}-private-${zone}` };
    const subnet = new Subnet(this, `private-${zone}`, {
      vpcId: vpc.id,
      availabilityZone: zone,
      cidrBlock: cidr,
      tags,
    });
    const address = new Eip(this, `nat-${zone}-address`, { domain: 'vpc', tags, dependsOn: [...this.ready] });
    const nat = new NatGateway(this, `nat-${zone}`, {
      allocationId: address.id,
      subnetId: beside.id,
      tags,
      dependsOn: [...this.ready],
    });
    const table = new RouteTable(this, `private-${zone}-routes`, { vpcId: vpc.id, tags });
    this.ready.push(
      new Route(this, `private-${zone}-default-route`, {
        routeTableId: table.id,
        destinationCidrBlock: everywhere,
        natGatewayId: nat.id,
      }),
      new RouteTableAssociation(this, `private-${zone}-association`, {
        subnetId: subnet.id,
        routeTableId: table.id,
      }),
    );
    return subnet.id;
  }
}
