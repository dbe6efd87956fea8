import assert from 'node:assert/strict';
import { synthesize, variant } from './support/synthesized';

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

  it('have a URL with https and the DNS name if configured', () => {
    assert.equal(value('everything', 'url'), 'https://inventory.prod.example.com');
    assert.equal(value('single, private', 'url'), 'https://inventory.example.com');
    assert.equal(value('existing VPC', 'url'), 'http://inventory.corp.example.com');
    const CERTIFICATE_ARN = 'arn:aws:iam::123456789012:server-certificate/api';
    assert.match(
      String(synthesize({ CERTIFICATE_ARN }).json.output['url']?.['value']),
      /^https:\/\/\$\{aws_elb\..*\.dns_name\}$/,
    );
  });

  it('have the console of the partition', () => {
    const url = (AWS_REGION: string) =>
      String(synthesize({ AWS_REGION }).json.output['dashboard_url']?.['value']);
    assert.match(
      url('us-gov-west-1'),
      /^https:\/\/us-gov-west-1\.console\.amazonaws-us-gov\.com\/cloudwatch\//,
    );
    assert.match(url('cn-north-1'), /^https:\/\/cn-north-1\.console\.amazonaws\.cn\/cloudwatch\//);
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
