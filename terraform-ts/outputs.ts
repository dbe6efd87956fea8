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

/** What an operator needs to hand after an apply. */
export function addOutputs(
  stack: TerraformStack,
  { config, loadBalancer, running, dashboardUrl }: OutputProps,
): void {
  const url = `http://${loadBalancer.dnsName}`;
  const outputs: Record<string, [value: unknown, description: string]> = {
    elb_name: [loadBalancer.name, 'The load balancer'],
    elb_dns: [loadBalancer.dnsName, 'Its DNS name'],
    url: [url, 'The API'],
    shell_commands: [shellCommands(config, running), 'A shell on each host'],
    // Without --elb: it replaces each host where it stands, without losing a request, which works for one host, too.
    redeploy_command: [
      `scripts/builder.sh --ref ${config.source.ref} ${Fn.join(' ', hostArguments(config, running))}`,
      'Deploys another version on every host (set --ref); then set GIT_REF to it, for hosts to come',
    ],
    dashboard_url: [dashboardUrl, 'Graphs'],
  };
  for (const [name, [value, description]] of Object.entries(outputs)) {
    new TerraformOutput(stack, name, { value, description, staticId: true });
  }
}

function shellCommands({ access, region }: Config, { instanceIds, publicAddresses }: RunningHosts): string[] {
  if (access.sshCidrs.length > 0) return each('ssh ec2-user@%s', publicAddresses);
  if (access.shell === 'session-manager')
    return each(`aws ssm start-session --region ${region} --target %s`, instanceIds);
  if (access.shell === 'instance-connect')
    return each(
      `aws ec2-instance-connect ssh --region ${region} --connection-type eice --os-user ec2-user --instance-id %s`,
      instanceIds,
    );
  return [];
}

/** Through SSM or an endpoint, SSH finds a host by its id: README.md has the lines for ~/.ssh/config. */
function hostArguments({ access }: Config, { instanceIds, publicAddresses }: RunningHosts): string[] {
  return each(
    '--host ec2-user@%s=%s',
    access.sshCidrs.length > 0 ? publicAddresses : instanceIds,
    instanceIds,
  );
}

/** Terraform's formatlist: as many texts as the lists have members. */
function each(format: string, ...lists: string[][]): string[] {
  return Token.asList(Fn.formatlist(format, lists));
}
