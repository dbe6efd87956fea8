import { DataAwsEc2ManagedPrefixList } from '@cdktf/provider-aws/lib/data-aws-ec2-managed-prefix-list';
import { Ec2InstanceConnectEndpoint } from '@cdktf/provider-aws/lib/ec2-instance-connect-endpoint';
import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group';
import { VpcSecurityGroupEgressRule } from '@cdktf/provider-aws/lib/vpc-security-group-egress-rule';
import { VpcSecurityGroupIngressRule } from '@cdktf/provider-aws/lib/vpc-security-group-ingress-rule';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { FrontConfig } from '../config/front';
import { ports } from '../config/ports';

export interface SecurityGroupsProps {
  readonly name: string;
  readonly vpcId: string;
  readonly region: string;
  readonly front: FrontConfig;
  readonly sshCidrs: readonly string[];
  /** The security group of a Prometheus server. Undefined without one. */
  readonly scrapeSecurityGroup: string | undefined;
  /** The subnet of the EC2 Instance Connect endpoint. Undefined without an endpoint. */
  readonly instanceConnectSubnetId: string | undefined;
}

const everywhere = '0.0.0.0/0';

/**
 * The allowed traffic: from configured addresses to the ELB, from the ELB to the hosts, SSH from configured addresses
 * to the hosts, and HTTPS from the hosts to the internet.
 */
export class SecurityGroups extends Construct {
  readonly elbId: string;
  readonly hostsId: string;
  /** The rules that a booting host requires. */
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: SecurityGroupsProps) {
    super(scope, id);
    const { name } = props;
    const elb = this.group(
      'elb',
      `${name}-elb`,
      'The load balancer: HTTP and HTTPS from the allowed addresses',
      props.vpcId,
    );
    const hosts = this.group(
      'hosts',
      `${name}-hosts`,
      'The hosts: the API from the load balancer',
      props.vpcId,
    );
    this.elbId = elb.id;
    this.hostsId = hosts.id;

    const { http, certificateArn, allowedCidrs, healthCheck } = props.front;
    const open = [
      ...(http === 'off' ? [] : [ports.http]),
      ...(certificateArn === undefined ? [] : [ports.https]),
    ];
    for (const port of open) {
      for (const cidrIpv4 of allowedCidrs) {
        const from = cidrIpv4 === everywhere ? 'world' : cidrIpv4.replaceAll(/[./]/g, '-');
        this.allowIn(`${from}-to-elb-${port.toString()}`, elb, port, 'Clients', { cidrIpv4 });
      }
    }
    if (healthCheck && !allowedCidrs.includes(everywhere)) {
      const port = certificateArn === undefined ? ports.http : ports.https;
      const prefixListId = new DataAwsEc2ManagedPrefixList(this, 'route-53', {
        name: `com.amazonaws.${props.region}.route53-healthchecks`,
      }).id;
      this.allowIn('route-53-to-elb', elb, port, 'Health check of Route 53', { prefixListId });
    }
    this.allowOut('elb-to-hosts', elb, ports.api, 'The API and its health check', {
      referencedSecurityGroupId: hosts.id,
    });
    this.allowIn('elb-to-hosts-in', hosts, ports.api, 'The API and its health check', {
      referencedSecurityGroupId: elb.id,
    });
    // Packages, images, the repository and AWS use port 443. Security groups do not apply to the DNS and time services
    // of a VPC.
    this.ready = [
      this.allowOut('hosts-to-internet', hosts, ports.https, 'Packages, images, the repository and AWS', {
        cidrIpv4: everywhere,
      }),
    ];
    if (props.scrapeSecurityGroup !== undefined) {
      this.allowIn('scrape', hosts, ports.api, 'Prometheus', {
        referencedSecurityGroupId: props.scrapeSecurityGroup,
      });
    }
    props.sshCidrs.forEach((cidrIpv4, at) => {
      this.allowIn(`ssh-${at.toString()}`, hosts, ports.ssh, 'SSH', { cidrIpv4 });
    });
    if (props.instanceConnectSubnetId !== undefined) {
      this.instanceConnect(name, props.vpcId, props.instanceConnectSubnetId, hosts);
    }
  }

  private instanceConnect(name: string, vpcId: string, subnetId: string, hosts: SecurityGroup): void {
    const endpoint = this.group('connect', `${name}-connect`, 'The EC2 Instance Connect endpoint', vpcId);
    this.allowOut('connect-to-hosts', endpoint, ports.ssh, 'SSH', { referencedSecurityGroupId: hosts.id });
    this.allowIn('connect-to-hosts-in', hosts, ports.ssh, 'SSH', { referencedSecurityGroupId: endpoint.id });
    new Ec2InstanceConnectEndpoint(this, 'connect-endpoint', {
      subnetId,
      securityGroupIds: [endpoint.id],
      preserveClientIp: false,
      tags: { Name: name },
    });
  }

  private group(id: string, name: string, description: string, vpcId: string): SecurityGroup {
    // A different description would replace the group, so the groups of earlier versions keep their descriptions.
    const lifecycle = { ignoreChanges: ['description'] };
    return new SecurityGroup(this, id, { name, description, vpcId, tags: { Name: name }, lifecycle });
  }

  private allowIn(id: string, group: SecurityGroup, port: number, what: string, from: Peer): void {
    new VpcSecurityGroupIngressRule(this, id, { ...rule(group, port, what), ...from });
  }

  private allowOut(
    id: string,
    group: SecurityGroup,
    port: number,
    what: string,
    to: Peer,
  ): VpcSecurityGroupEgressRule {
    return new VpcSecurityGroupEgressRule(this, id, { ...rule(group, port, what), ...to });
  }
}

type Peer =
  | { readonly cidrIpv4: string }
  | { readonly referencedSecurityGroupId: string }
  | { readonly prefixListId: string };

function rule(group: SecurityGroup, port: number, description: string) {
  return { securityGroupId: group.id, ipProtocol: 'tcp', fromPort: port, toPort: port, description };
}
