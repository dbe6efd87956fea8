import { AutoscalingGroup } from '@cdktf/provider-aws/lib/autoscaling-group';
import { AutoscalingPolicy } from '@cdktf/provider-aws/lib/autoscaling-policy';
import { DataAwsInstances } from '@cdktf/provider-aws/lib/data-aws-instances';
import { Fn, Op, Token, type ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { Targets } from '../config/config';
import { containerMemoryBytes } from '../config/container';
import { apiMemoryMetric } from '../monitoring/alarms';
import { GroupRefresh } from './group-refresh';
import type { HostTemplate } from './host-template';
import type { ClassicLoadBalancer } from './classic-load-balancer';
import type { RunningHosts } from './running-hosts';

export interface HostGroupProps {
  readonly name: string;
  readonly region: string;
  readonly min: number;
  readonly max: number;
  readonly targets: Targets;
  readonly template: HostTemplate;
  readonly subnetIds: string[];
  readonly loadBalancer: ClassicLoadBalancer;
  readonly lifecycleHook: string;
  readonly metricNamespace: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly dependsOn: ITerraformDependable[];
}

/**
 * The number of seconds from the end of the boot to two successful health checks of the ELB. By then, the CPU load of
 * the build has ended.
 */
const warmUp = 120;

/** The hosts as an Auto Scaling group, which runs a single version and replaces unhealthy hosts. */
export class HostGroup extends Construct implements RunningHosts {
  readonly instanceIds: string[];
  readonly addresses: string[];
  readonly metricDimensions: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, props: HostGroupProps) {
    super(scope, id);
    const group = new AutoscalingGroup(this, 'group', {
      name: props.name,
      minSize: props.min,
      maxSize: props.max,
      vpcZoneIdentifier: props.subnetIds,
      launchTemplate: { id: props.template.templateId, version: props.template.templateVersion },
      loadBalancers: [props.loadBalancer.name],
      // The group replaces a host that is unhealthy in the ELB or detached from it. During a redeploy, builder.sh puts
      // the host into Standby: the group takes the host out of the ELB and does not check it.
      healthCheckType: 'ELB',
      healthCheckGracePeriod: warmUp,
      defaultInstanceWarmup: warmUp,
      // A host is in service only after its boot script has completed, so a refresh or scale-in never removes an old
      // host before the new host responds. The hook does not apply to hosts that leave Standby.
      initialLifecycleHook: [
        {
          name: props.lifecycleHook,
          lifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
          heartbeatTimeout: 1800,
          defaultResult: 'ABANDON',
        },
      ],
      // The apply waits until hosts are in service, so that the URL works afterwards.
      minElbCapacity: props.min,
      waitForCapacityTimeout: '40m',
      // Destroying the group does not wait for booting hosts.
      forceDelete: true,
      tag: Object.entries({ ...props.tags, Name: props.name }).map(([key, value]) => ({
        key,
        value,
        propagateAtLaunch: true,
      })),
      // Scaling changes the capacity, and GroupRefresh changes the version; an apply must not change them.
      lifecycle: { ignoreChanges: ['desired_capacity', 'launch_template[0].version'] },
      dependsOn: [...props.dependsOn],
    });
    const refresh = new GroupRefresh(this, 'refresh', {
      region: props.region,
      groupName: props.name,
      group,
      template: props.template,
    });
    // The API is one process, which uses at most one vCPU and the memory of its container.
    this.scaleOn('cpu', group, Token.asNumber(Op.div(props.targets.cpu, props.template.vcpus)), {
      predefinedMetricSpecification: { predefinedMetricType: 'ASGAverageCPUUtilization' },
    });
    const memory = apiMemoryMetric(props.metricNamespace, 'Average');
    this.scaleOn('memory', group, Math.round((props.targets.memory / 100) * containerMemoryBytes), {
      customizedMetricSpecification: {
        namespace: memory.namespace,
        metricName: memory.name,
        statistic: memory.statistic,
      },
    });

    const running = new DataAwsInstances(this, 'running', {
      filter: [{ name: 'tag:aws:autoscaling:groupName', values: [group.name] }],
      instanceStateNames: ['running'],
      dependsOn: [group, refresh.resource],
    });
    this.instanceIds = running.ids;
    // The data source omits hosts without a public address from publicIps, which then does not match the ids.
    this.addresses = Token.asList(
      Fn.conditional(
        Op.eq(Fn.lengthOf(running.publicIps), Fn.lengthOf(running.ids)),
        running.publicIps,
        running.privateIps,
      ),
    );
    this.metricDimensions = { AutoScalingGroupName: props.name };
  }

  private scaleOn(what: string, group: AutoscalingGroup, targetValue: number, metric: object): void {
    new AutoscalingPolicy(this, `${what}-tracking`, {
      name: what,
      autoscalingGroupName: group.name,
      policyType: 'TargetTrackingScaling',
      targetTrackingConfiguration: { targetValue, ...metric },
    });
  }
}
