import { Fn, Token, TerraformOutput, type TerraformStack } from 'cdktf';
import type { Config } from './config/config';
import type { ClassicLoadBalancer } from './constructs/classic-load-balancer';
import type { RunningHosts } from './constructs/running-hosts';

export interface OutputProps {
  readonly config: Config;
  readonly loadBalancer: ClassicLoadBalancer;
  readonly running: RunningHosts;
  readonly dashboardUrl: string;
}

/** Adds the outputs for the operator. */
export function addOutputs(
  stack: TerraformStack,
  { config, loadBalancer, running, dashboardUrl }: OutputProps,
): void {
  const { certificateArn, dns } = config.front;
  const url = `${certificateArn === undefined ? 'http' : 'https'}://${dns?.name ?? loadBalancer.dnsName}`;
  const outputs: Record<string, [value: unknown, description: string]> = {
    elb_name: [loadBalancer.name, 'Name of the load balancer'],
    elb_dns: [loadBalancer.dnsName, 'DNS name of the load balancer'],
    url: [url, 'URL of the API'],
    shell_commands: [shellCommands(config, running), 'Commands that open a shell on each host'],
    // Does not use --elb, so that the command also works for a single host. The redeploy loses no request in either
    // case.
    redeploy_command: [
      `scripts/builder.sh --ref ${config.source.ref} ${Fn.join(' ', hostArguments(config, running))}`,
      'Command that deploys another version (--ref) to every host; also set GIT_REF to this version, for new hosts',
    ],
    dashboard_url: [dashboardUrl, 'URL of the dashboard'],
  };
  for (const [name, [value, description]] of Object.entries(outputs)) {
    new TerraformOutput(stack, name, { value, description, staticId: true });
  }
}

function shellCommands({ access, region }: Config, { instanceIds, addresses }: RunningHosts): string[] {
  if (access.sshCidrs.length > 0) return each('ssh ec2-user@%s', addresses);
  if (access.shell === 'session-manager')
    return each(`aws ssm start-session --region ${region} --target %s`, instanceIds);
  if (access.shell === 'instance-connect')
    return each(
      `aws ec2-instance-connect ssh --region ${region} --connection-type eice --os-user ec2-user --instance-id %s`,
      instanceIds,
    );
  return [];
}

/**
 * SSH through SSM or an endpoint uses the instance id as the host name. README.md contains the lines for ~/.ssh/config.
 */
function hostArguments({ access }: Config, { instanceIds, addresses }: RunningHosts): string[] {
  return each('--host ec2-user@%s=%s', access.sshCidrs.length > 0 ? addresses : instanceIds, instanceIds);
}

/** Calls formatlist of Terraform. Returns one string per member of the lists. */
function each(format: string, ...lists: string[][]): string[] {
  return Token.asList(Fn.formatlist(format, lists));
}
