import assert from 'node:assert/strict';
import { synthesize, variant, type Block, type Synthesized } from './support/synthesized';
import { variants } from './support/variants';

/** Returns every ingress rule as "group:port source". */
function ingress(stack: Synthesized): string[] {
  return rules(stack, 'aws_vpc_security_group_ingress_rule').sort();
}

function rules(stack: Synthesized, type: string): string[] {
  return Object.values(stack.all(type)).map((rule) => {
    assert.equal(rule['ip_protocol'], 'tcp');
    assert.equal(rule['from_port'], rule['to_port']);
    const peer: unknown = rule['cidr_ipv4'] ?? rule['prefix_list_id'] ?? rule['referenced_security_group_id'];
    return `${group(rule['security_group_id'])}:${String(rule['from_port'])} ${group(peer)}`;
  });
}

function group(reference: unknown): string {
  return /\.security-groups_([\w-]+?)_/.exec(String(reference))?.[1] ?? String(reference);
}

describe('The security groups', () => {
  it('allow only the internet to port 80 of the ELB, and the ELB to the API', () => {
    assert.deepEqual(ingress(variant('default')), ['elb:80 0.0.0.0/0', 'hosts:8000 elb']);
  });

  it('open port 443 of the ELB only with a certificate', () => {
    assert.deepEqual(ingress(variant('GovCloud')), [
      'elb:443 0.0.0.0/0',
      'elb:80 0.0.0.0/0',
      'hosts:8000 elb',
    ]);
  });

  it('close port 80 of the ELB with HTTP=off', () => {
    assert.deepEqual(ingress(variant('single, private')), ['elb:443 0.0.0.0/0', 'hosts:8000 elb']);
  });

  it('open the ELB only to the allowed addresses, and the hosts to SCRAPE_SECURITY_GROUP', () => {
    assert.deepEqual(ingress(variant('everything')), [
      'elb:443 198.51.100.7/32',
      'elb:443 203.0.113.0/24',
      'elb:443 route-53',
      'elb:80 198.51.100.7/32',
      'elb:80 203.0.113.0/24',
      'hosts:8000 elb',
      'hosts:8000 sg-0123456789abcdef0',
    ]);
  });

  it('describe every rule, and ignore a new description of a group, which would replace the group', () => {
    const stack = variant('existing VPC');
    for (const type of ['aws_vpc_security_group_ingress_rule', 'aws_vpc_security_group_egress_rule'])
      for (const [path, rule] of Object.entries(stack.all(type))) assert.ok(rule['description'], path);
    for (const group of Object.values(stack.all('aws_security_group')))
      assert.deepEqual(group['lifecycle'], { ignore_changes: ['description'] });
  });

  it('open SSH only to the configured addresses', () => {
    assert.deepEqual(ingress(variant('single')), [
      'elb:80 0.0.0.0/0',
      'hosts:22 198.51.100.0/24',
      'hosts:22 203.0.113.7/32',
      'hosts:8000 elb',
    ]);
  });

  it('open SSH to an EC2 Instance Connect endpoint, which reaches only hosts', () => {
    const stack = variant('existing VPC');
    assert.deepEqual(ingress(stack), ['elb:80 0.0.0.0/0', 'hosts:22 connect', 'hosts:8000 elb']);
    stack.has('aws_ec2_instance_connect_endpoint', { subnet_id: 'subnet-0123456789abcdef2' });
    const out = rules(stack, 'aws_vpc_security_group_egress_rule').sort();
    assert.deepEqual(out, ['connect:22 hosts', 'elb:8000 hosts', 'hosts:443 0.0.0.0/0']);
  });

  it('allow the ELB out to the API, and hosts out to HTTPS', () => {
    const out = rules(variant('default'), 'aws_vpc_security_group_egress_rule').sort();
    assert.deepEqual(out, ['elb:8000 hosts', 'hosts:443 0.0.0.0/0']);
  });

  it('have no inline rules, and the default group of the VPC has no rules', () => {
    const stack = variant('default');
    const groups: Block[] = [
      ...Object.values(stack.all('aws_security_group')),
      stack.the('aws_default_security_group'),
    ];
    for (const each of groups) assert.deepEqual([each['ingress'], each['egress']], [undefined, undefined]);
  });

  for (const name of Object.keys(variants)) {
    it(`use 0.0.0.0/0 only for the ELB, hosts out and routes to gateways (${name})`, () => {
      const stack = variant(name);
      const open = ingress(stack).filter((rule) => rule.endsWith('0.0.0.0/0') || rule.endsWith('::/0'));
      assert.ok(
        open.every((rule) => /^elb:(80|443) /.test(rule)),
        open.join(),
      );
      const mentions = stack.text.split(/0\.0\.0\.0\/0|::\/0/).length - 1;
      const routes = Object.keys(stack.all('aws_route')).length;
      const hostsOut = 1;
      assert.equal(mentions, open.length + routes + hostsOut, '0.0.0.0/0 occurs in another place');
    });
  }

  it('are attached to the ELB and to the hosts', () => {
    const stack = synthesize();
    assert.deepEqual((stack.the('aws_elb')['security_groups'] as string[]).map(group), ['elb']);
    assert.deepEqual((stack.the('aws_launch_template')['vpc_security_group_ids'] as string[]).map(group), [
      'hosts',
    ]);
  });
});
