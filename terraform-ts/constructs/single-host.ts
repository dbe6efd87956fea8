import { Instance } from '@cdktf/provider-aws/lib/instance';
import { Fn, Token, type ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { HostTemplate } from './host-template';
import type { RunningHosts } from './running-hosts';

export interface SingleHostProps {
  readonly name: string;
  readonly template: HostTemplate;
  readonly subnetId: string;
  readonly dependsOn: ITerraformDependable[];
}

/**
 * The only host. It registers itself with the ELB at the end of its boot. An elb_attachment resource would attach the
 * host again in the next apply after a detach through the API, and would attach a replaced host before it responds.
 */
export class SingleHost extends Construct implements RunningHosts {
  readonly instanceIds: string[];
  readonly addresses: string[];
  readonly metricDimensions: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, props: SingleHostProps) {
    super(scope, id);
    const instance = new Instance(this, 'instance', {
      launchTemplate: { id: props.template.templateId, version: props.template.templateVersion },
      subnetId: props.subnetId,
      tags: { Name: props.name },
      dependsOn: [...props.dependsOn],
    });
    this.instanceIds = [instance.id];
    this.addresses = [Token.asString(Fn.coalesce([instance.publicIp, instance.privateIp]))];
    this.metricDimensions = { InstanceId: instance.id };
  }
}
