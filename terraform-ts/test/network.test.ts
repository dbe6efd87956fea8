import assert from 'node:assert/strict';
import { variant } from './support/synthesized';

describe('The network', () => {
  it('adds only security groups to an existing VPC', () => {
    const stack = variant('existing VPC');
    for (const type of ['aws_vpc', 'aws_subnet', 'aws_route', 'aws_nat_gateway', 'aws_internet_gateway'])
      stack.none(type);
    assert.deepEqual(stack.the('aws_elb')['subnets'], [
      'subnet-0123456789abcdef0',
      'subnet-0123456789abcdef1',
    ]);
    assert.deepEqual(stack.the('aws_autoscaling_group')['vpc_zone_identifier'], [
      'subnet-0123456789abcdef2',
      'subnet-0123456789abcdef3',
    ]);
    for (const group of Object.values(stack.all('aws_security_group')))
      assert.equal(group['vpc_id'], 'vpc-0123456789abcdef0');
  });

  it('is a VPC with two zones, whose public subnets assign addresses', () => {
    const stack = variant('default');
    stack.has('aws_vpc', { cidr_block: '10.20.0.0/16', enable_dns_hostnames: true });
    const subnets = Object.values(stack.all('aws_subnet'));
    assert.deepEqual(
      subnets.map((subnet) => [subnet['availability_zone'], subnet['map_public_ip_on_launch']]),
      [
        ['us-east-1a', true],
        ['us-east-1b', true],
      ],
    );
    stack.none('aws_nat_gateway');
    assert.match(stack.the('aws_route')['gateway_id'] as string, /aws_internet_gateway/);
    assert.equal(Object.keys(stack.all('aws_route_table_association')).length, 2);
    assert.deepEqual(
      stack.the('aws_autoscaling_group')['vpc_zone_identifier'],
      stack.the('aws_elb')['subnets'],
    );
  });

  it('has private subnets with a NAT gateway per zone if configured, and assigns no addresses', () => {
    const stack = variant('everything');
    const subnets = stack.all('aws_subnet');
    assert.equal(Object.keys(subnets).length, 6);
    for (const [path, subnet] of Object.entries(subnets))
      assert.notEqual(subnet['map_public_ip_on_launch'], true, path);
    assert.equal(Object.keys(stack.all('aws_nat_gateway')).length, 3);
    for (const zone of ['a', 'b', 'c'].map((letter) => `eu-central-1${letter}`)) {
      const nat = stack.all('aws_nat_gateway')[`network/nat-${zone}`];
      assert.match(
        String(nat?.['subnet_id']),
        new RegExp(`public-${zone}_`),
        'the NAT gateway is in another zone',
      );
      const route = stack.all('aws_route')[`network/private-${zone}-default-route`];
      assert.match(
        String(route?.['nat_gateway_id']),
        new RegExp(`nat-${zone}_`),
        'the zone uses the NAT gateway of another zone',
      );
    }
    const hosts = stack.the('aws_autoscaling_group')['vpc_zone_identifier'] as string[];
    for (const subnet of hosts) assert.match(subnet, /private-/);
    for (const subnet of stack.the('aws_elb')['subnets'] as string[]) assert.match(subnet, /public-/);
  });

  it('is complete before hosts boot', () => {
    for (const [name, type] of [
      ['everything', 'aws_autoscaling_group'],
      ['single, private', 'aws_instance'],
    ] as const) {
      const stack = variant(name);
      const waits = stack.the(type)['depends_on'] as string[];
      const routes = [
        ...Object.keys(stack.json.resource['aws_route'] ?? {}),
        ...Object.keys(stack.json.resource['aws_route_table_association'] ?? {}),
      ];
      assert.ok(routes.length > 0);
      for (const route of routes)
        assert.ok(
          waits.some((resource) => resource.endsWith(`.${route}`)),
          `${type} does not wait for ${route}`,
        );
      for (const needed of [
        'aws_iam_role_policy.',
        'aws_vpc_security_group_egress_rule.',
        'aws_cloudwatch_log_group.',
        'aws_elb.',
      ])
        assert.ok(
          waits.some((resource) => resource.startsWith(needed)),
          `${type} does not wait for ${needed}`,
        );
    }
  });
});
