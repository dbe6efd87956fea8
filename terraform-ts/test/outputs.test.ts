import assert from 'node:assert/strict';
import { variant } from './support/synthesized';

const value = (name: string, output: string) => variant(name).json.output[output]?.['value'] as string;

describe('The outputs', () => {
  it('are the ELB, the URL, the commands and the dashboard', () => {
    assert.deepEqual(Object.keys(variant('default').json.output).sort(), [
      'dashboard_url',
      'elb_dns',
      'elb_name',
      'redeploy_command',
      'shell_commands',
      'url',
    ]);
    assert.equal(value('default', 'elb_name'), 'default-elb');
    assert.match(value('default', 'elb_dns'), /^\$\{aws_elb\..*\.dns_name\}$/);
    assert.match(value('default', 'url'), /^http:\/\/\$\{aws_elb\..*\.dns_name\}$/);
    assert.match(
      value('everything', 'dashboard_url'),
      /^https:\/\/eu-central-1\.console\.aws\.amazon\.com\/cloudwatch\/.*#dashboards\/dashboard\//,
    );
  });

  it('have a shell command for the configured access', () => {
    assert.match(
      value('default', 'shell_commands'),
      /formatlist\("aws ssm start-session --region us-east-1 --target %s", data\.aws_instances\..*\.ids\)/,
    );
    assert.match(
      value('single', 'shell_commands'),
      /formatlist\("ssh ec2-user@%s", \[coalesce\(aws_instance\..*\.public_ip, aws_instance\..*\.private_ip\)\]\)/,
    );
    assert.match(
      value('existing VPC', 'shell_commands'),
      /ec2-instance-connect ssh --region il-central-1 .*--instance-id %s/,
    );
  });

  it('have a builder.sh command with the address or id of every host', () => {
    assert.match(
      value('default', 'redeploy_command'),
      /^scripts\/builder\.sh --ref 0123456789abcdef\w+ \$\{join\(" ", formatlist\("--host ec2-user@%s=%s", data\.(\S+)\.ids, data\.\1\.ids\)\)\}$/,
    );
    assert.match(
      value('single', 'redeploy_command'),
      /formatlist\("--host ec2-user@%s=%s", \[.*\.public_ip, .*\], \[\S+\.id\]\)/,
    );
  });
});
