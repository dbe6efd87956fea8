import { DataAwsRoute53Zone } from '@cdktf/provider-aws/lib/data-aws-route53-zone';
import { Route53Record } from '@cdktf/provider-aws/lib/route53-record';
import { Construct } from 'constructs';
import type { DnsConfig } from '../config/front';
import type { ClassicLoadBalancer } from './classic-load-balancer';

export interface AliasRecordProps {
  readonly name: string;
  readonly zone: NonNullable<DnsConfig['zone']>;
  readonly loadBalancer: ClassicLoadBalancer;
}

/** The DNS name of the API. A Classic Load Balancer in a VPC has only IPv4 addresses. */
export class AliasRecord extends Construct {
  constructor(scope: Construct, id: string, { name, zone, loadBalancer }: AliasRecordProps) {
    super(scope, id);
    const zoneId =
      'id' in zone
        ? zone.id
        : new DataAwsRoute53Zone(this, 'zone', { name: zone.name, privateZone: loadBalancer.internal })
            .zoneId;
    new Route53Record(this, 'record', {
      zoneId,
      name,
      type: 'A',
      alias: { name: loadBalancer.dnsName, zoneId: loadBalancer.zoneId, evaluateTargetHealth: false },
    });
  }
}
