import { Elb } from '@cdktf/provider-aws/lib/elb';
import { LoadBalancerListenerPolicy } from '@cdktf/provider-aws/lib/load-balancer-listener-policy';
import { LoadBalancerPolicy } from '@cdktf/provider-aws/lib/load-balancer-policy';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { FrontConfig } from '../config/front';
import { ports } from '../config/ports';
import type { AccessLogs } from './access-logs';

export interface ClassicLoadBalancerProps {
  readonly name: string;
  readonly subnetIds: string[];
  readonly securityGroupId: string;
  readonly front: FrontConfig;
  readonly accessLogs: AccessLogs | undefined;
  /** AWS rejects an internet-facing ELB in a VPC that has no route to the internet. */
  readonly dependsOn: ITerraformDependable[];
}

/**
 * A failed host is out of service at most 25 s after its last successful check. A healthy host is in service after 20
 * s.
 */
const healthCheck = {
  target: `HTTP:${ports.api.toString()}/healthcheck`,
  interval: 10,
  timeout: 5,
  unhealthyThreshold: 2,
  healthyThreshold: 2,
};
/**
 * This policy allows only TLS 1.2 with forward secrecy. The default policy of a Classic Load Balancer allows TLS 1.0
 * (ELB user guide, predefined SSL policies).
 */
const tlsPolicy = 'ELBSecurityPolicy-TLS-1-2-2017-01';

export class ClassicLoadBalancer extends Construct {
  readonly name: string;
  readonly dnsName: string;
  /** The Route 53 zone of `dnsName`, for alias records. */
  readonly zoneId: string;
  readonly internal: boolean;
  readonly resource: ITerraformDependable;

  constructor(scope: Construct, id: string, props: ClassicLoadBalancerProps) {
    super(scope, id);
    const { accessLogs, front } = props;
    const { certificateArn } = front;
    const backend = { instancePort: ports.api, instanceProtocol: 'http' };
    const elb = new Elb(this, 'elb', {
      name: props.name,
      internal: front.internal,
      subnets: props.subnetIds,
      securityGroups: [props.securityGroupId],
      listener: [
        // The service itself sends the redirect (REDIRECT_HTTP), because a Classic Load Balancer cannot.
        ...(front.http === 'off' ? [] : [{ lbPort: ports.http, lbProtocol: 'http', ...backend }]),
        ...(certificateArn === undefined
          ? []
          : [{ lbPort: ports.https, lbProtocol: 'https', sslCertificateId: certificateArn, ...backend }]),
      ],
      healthCheck,
      crossZoneLoadBalancing: true,
      connectionDraining: true,
      connectionDrainingTimeout: 60,
      idleTimeout: 60,
      ...(accessLogs && { accessLogs: { bucket: accessLogs.bucketName, interval: 5, enabled: true } }),
      tags: { Name: props.name },
      // The API, the group and booting hosts change the members; an apply must not undo a detach.
      lifecycle: { ignoreChanges: ['instances'] },
      dependsOn: [...props.dependsOn, ...(accessLogs?.ready ?? [])],
    });
    if (certificateArn !== undefined) this.requireModernTls(elb);
    this.name = props.name;
    this.dnsName = elb.dnsName;
    this.zoneId = elb.zoneId;
    this.internal = front.internal;
    this.resource = elb;
  }

  private requireModernTls(elb: Elb): void {
    // A change of the scheme replaces the load balancer, which keeps its name. Without this trigger, the new load
    // balancer would have no policy.
    const lifecycle = { replaceTriggeredBy: [`aws_elb.${elb.friendlyUniqueId}.internal`] };
    const policy = new LoadBalancerPolicy(this, 'tls-policy', {
      loadBalancerName: elb.name,
      policyName: 'tls-1-2',
      policyTypeName: 'SSLNegotiationPolicyType',
      policyAttribute: [{ name: 'Reference-Security-Policy', value: tlsPolicy }],
      lifecycle,
    });
    new LoadBalancerListenerPolicy(this, 'tls-listener', {
      loadBalancerName: elb.name,
      loadBalancerPort: ports.https,
      policyNames: [policy.policyName],
      lifecycle,
    });
  }
}
