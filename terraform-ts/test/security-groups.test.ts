import assert from 'node:assert/strict';
import { synthesize, variant, type Block, type Synthesized } from './support/synthesized';
import { variants } from './support/variants';

/** Every way in: "group:port from whom". */
function waysIn(stack: Synthesized): string[] {
  return rules(stack, 'aws_vpc_security_group_ingress_rule').sort();
}

function rules(stack: Synthesized, type: string): string[] {
  return Object.values(stack.all(type)).map((rule) => {
    assert.equal(rule['ip_protocol'], 'tcp');
    assert.equal(rule['from_port'], rule['to_port']);
    return `${group(rule['security_group_id'])}:${String(rule['from_port'])} ${String(rule['cidr_ipv4'] ?? group(rule['referenced_security_group_id']))}`;
  });
}

function group(reference: unknown): string {
  return /aws_security_group\.security-groups_(\w+?)_/.exec(String(reference))?.[1] ?? String(reference);
}

describe('The security groups', () => {
  it('let the world reach port 80 of the ELB, the ELB reach the API, and nothing else in', () => {
    assert.deepEqual(waysIn(variant('default')), ['elb:80 0.0.0.0/0', 'hosts:8000 elb']);
  });

  it('open port 443 of the ELB with a certificate alone', () => {
    assert.deepEqual(waysIn(variant('single, private')), [
      'elb:443 0.0.0.0/0',
      'elb:80 0.0.0.0/0',
      'hosts:8000 elb',
    ]);
  });

  it('open SSH to the addresses given alone', () => {
    assert.deepEqual(waysIn(variant('single')), [
      'elb:80 0.0.0.0/0',
      'hosts:22 198.51.100.0/24',
      'hosts:22 203.0.113.7/32',
      'hosts:8000 elb',
    ]);
  });

  it('open SSH to an EC2 Instance Connect endpoint, which reaches nothing else', () => {
    const stack = variant('existing VPC');
    assert.deepEqual(waysIn(stack), ['elb:80 0.0.0.0/0', 'hosts:22 connect', 'hosts:8000 elb']);
    stack.has('aws_ec2_instance_connect_endpoint', { subnet_id: 'subnet-0123456789abcdef2' });
    const out = rules(stack, 'aws_vpc_security_group_egress_rule').sort();
    assert.deepEqual(out, ['connect:22 hosts', 'elb:8000 hosts', 'hosts:443 0.0.0.0/0']);
  });

  it('let out the ELB to the API, and hosts to HTTPS', () => {
    const out = rules(variant('default'), 'aws_vpc_security_group_egress_rule').sort();
    assert.deepEqual(out, ['elb:8000 hosts', 'hosts:443 0.0.0.0/0']);
  });

  it('have no rule inside, and the group of the VPC itself lets nothing', () => {
    const stack = variant('default');
    const groups: Block[] = [
      ...Object.values(stack.all('aws_security_group')),
      stack.the('aws_default_security_group'),
    ];
    for (const each of groups) assert.deepEqual([each['ingress'], each['egress']], [undefined, undefined]);
  });

  for (const name of Object.keys(variants)) {
    it(`open nothing to 0.0.0.0/0 but the ELB, and routes go there by gateways alone (${name})`, () => {
      const stack = variant(name);
      const open = waysIn(stack).filter((way) => way.endsWith('0.0.0.0/0') || way.endsWith('::/0'));
      assert.ok(open.length > 0 && open.every((way) => /^elb:(80|443) /.test(way)), open.join());
      const mentions = stack.text.split(/0\.0\.0\.0\/0|::\/0/).length - 1;
      const routes = Object.keys(stack.all('aws_route')).length;
      const hostsOut = 1;
      assert.equal(mentions, open.length + routes + hostsOut, 'something else names the whole internet');
    });
  }

  it('are attached to the ELB and to hosts', () => {
    const stack = synthesize();
    assert.deepEqual((stack.the('aws_elb')['security_groups'] as string[]).map(group), ['elb']);
    assert.deepEqual((stack.the('aws_launch_template')['vpc_security_group_ids'] as string[]).map(group), [
      'hosts',
    ]);
  });
});
