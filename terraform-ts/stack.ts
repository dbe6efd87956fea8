import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { TerraformStack, Token } from 'cdktf';
import type { Construct } from 'constructs';
import type { Config } from './config/config';
import { AccessLogs } from './constructs/access-logs';
import { AliasRecord } from './constructs/alias-record';
import { Account } from './constructs/account';
import { FlowLogs } from './constructs/flow-logs';
import { HostTemplate } from './constructs/host-template';
import { ClassicLoadBalancer } from './constructs/classic-load-balancer';
import { HostRole } from './constructs/host-role';
import { HostGroup } from './constructs/host-group';
import { Monitoring } from './monitoring/monitoring';
import { Network } from './constructs/network';
import { SecurityGroups } from './constructs/security-groups';
import { SingleHost } from './constructs/single-host';
import { addOutputs } from './outputs';
import { addBackend } from './state';

const lifecycleHook = 'api-is-ready';

/** The service: a VPC, a Classic Load Balancer, hosts that run the API, and monitoring. */
export class ElbInventoryStack extends TerraformStack {
  constructor(scope: Construct, id: string, config: Config) {
    super(scope, id);
    const { serviceName: name, region, hosts, tags } = config;
    const group = hosts.mode === 'group';
    const metricNamespace = name;
    addBackend(this, config);
    new AwsProvider(this, 'aws', { region, defaultTags: [{ tags: { ...tags } }] });
    const account = new Account(this, 'account', region);

    const network = new Network(this, 'network', { name, region, network: config.network });
    if (config.flowLogs) {
      new FlowLogs(this, 'flow-logs', {
        name,
        account,
        vpcId: network.vpcId,
        retentionInDays: config.logRetentionDays,
      });
    }
    const securityGroups = new SecurityGroups(this, 'security-groups', {
      name,
      vpcId: network.vpcId,
      region,
      front: config.front,
      sshCidrs: config.access.sshCidrs,
      scrapeSecurityGroup: config.metrics.scrapeSecurityGroup,
      instanceConnectSubnetId:
        config.access.shell === 'instance-connect' ? network.hostSubnetIds[0] : undefined,
    });
    const loadBalancer = new ClassicLoadBalancer(this, 'load-balancer', {
      name: config.elbName,
      subnetIds: network.elbSubnetIds,
      securityGroupId: securityGroups.elbId,
      front: config.front,
      accessLogs: config.accessLogs ? new AccessLogs(this, 'access-logs', { name, account }) : undefined,
      dependsOn: network.ready,
    });

    const { dns } = config.front;
    if (dns?.zone) new AliasRecord(this, 'dns', { name: dns.name, zone: dns.zone, loadBalancer });

    const logGroupName = `/${name}/api`;
    const logGroup = new CloudwatchLogGroup(this, 'logs', {
      name: logGroupName,
      retentionInDays: config.logRetentionDays,
    });
    const hostRole = new HostRole(this, 'credentials', {
      name,
      account,
      managedElbs: config.managedElbs,
      token: config.token,
      ecrRepository: config.ecrRepository,
      logGroupName,
      metricNamespace,
      groupName: group ? name : undefined,
      sessionManager: config.access.shell === 'session-manager',
      traces: config.metrics.cloudwatch,
    });
    const template = new HostTemplate(this, 'api-hosts', {
      name,
      hosts,
      sshKeyName: config.access.sshKeyName,
      securityGroupId: securityGroups.hostsId,
      instanceProfileName: hostRole.instanceProfileName,
      boot: {
        region,
        serviceName: name,
        source: config.source,
        tokenParameter: config.token.parameter,
        metricsTokenParameter: config.token.metricsParameter,
        environment: config.environment,
        logGroupName,
        metricNamespace,
        sendMetrics: config.metrics.cloudwatch,
        ready: group ? { groupName: name, lifecycleHook } : { elbName: config.elbName },
      },
      tags,
    });
    // Everything that a booting host requires. Terraform cannot derive these dependencies from the user data.
    const dependsOn = [
      ...network.ready,
      ...securityGroups.ready,
      ...hostRole.ready,
      logGroup,
      loadBalancer.resource,
    ];
    const running = group
      ? new HostGroup(this, 'group', {
          name,
          region,
          min: hosts.min,
          max: hosts.max,
          targets: hosts.targets,
          template,
          subnetIds: network.hostSubnetIds,
          loadBalancer,
          lifecycleHook,
          metricNamespace,
          tags,
          dependsOn,
        })
      : new SingleHost(this, 'single', {
          name,
          template,
          subnetId: network.hostSubnetIds[0] ?? '',
          dependsOn,
        });

    const monitoring = new Monitoring(this, 'monitoring', {
      name,
      account,
      service: {
        elbName: loadBalancer.name,
        hostDimensions: running.metricDimensions,
        vcpus: Token.asString(template.vcpus),
        targets: hosts.targets,
        single: !group,
        metricNamespace,
        serviceMetrics: config.metrics.cloudwatch ? name : undefined,
      },
      email: config.alarmEmail,
      healthCheck: config.front.healthCheck
        ? { fqdn: dns?.name ?? loadBalancer.dnsName, https: config.front.certificateArn !== undefined }
        : undefined,
    });
    addOutputs(this, { config, loadBalancer, running, dashboardUrl: monitoring.dashboardUrl });
  }
}
