import assert from 'node:assert/strict';
import { synthesize, variant } from './support/synthesized';

/** Resources of the version before the default zones came from AWS, with HOST_SUBNETS=private. */
const former = [
  'aws_default_security_group.network_default-security-group_F40826B8',
  'aws_eip.network_nat-us-east-1a-address_BAD06640',
  'aws_eip.network_nat-us-east-1b-address_0EC5FE6D',
  'aws_elb.load-balancer_elb_CDA0138B',
  'aws_iam_instance_profile.credentials_profile_B20C357C',
  'aws_iam_role.credentials_role_C4C01E58',
  'aws_iam_role_policy.credentials_rights_73EDBE90',
  'aws_internet_gateway.network_internet-gateway_E855E801',
  'aws_launch_template.api-hosts_template_7AAD15D6',
  'aws_nat_gateway.network_nat-us-east-1a_B3C42541',
  'aws_nat_gateway.network_nat-us-east-1b_886D1EAB',
  'aws_route.network_private-us-east-1a-default-route_E2D96D7E',
  'aws_route.network_private-us-east-1b-default-route_46A2179D',
  'aws_route.network_public-default-route_9AB86AC6',
  'aws_route_table.network_private-us-east-1a-routes_BA507796',
  'aws_route_table.network_private-us-east-1b-routes_A7A7265B',
  'aws_route_table.network_public-routes_309B7EF4',
  'aws_route_table_association.network_private-us-east-1a-association_E2B9A8F9',
  'aws_route_table_association.network_private-us-east-1b-association_A401CD94',
  'aws_route_table_association.network_public-us-east-1a-routes_B66DC4AA',
  'aws_route_table_association.network_public-us-east-1b-routes_5D4EA5A8',
  'aws_security_group.security-groups_elb_D43914AC',
  'aws_security_group.security-groups_hosts_D97C80E2',
  'aws_subnet.network_private-us-east-1a_E1039AEF',
  'aws_subnet.network_private-us-east-1b_0C4F2911',
  'aws_subnet.network_public-us-east-1a_25D5F5CE',
  'aws_subnet.network_public-us-east-1b_C904A11F',
  'aws_vpc.network_vpc_4E8F0223',
  'aws_vpc_security_group_egress_rule.security-groups_elb-to-hosts_F707D58B',
  'aws_vpc_security_group_egress_rule.security-groups_hosts-to-internet_B6CB4E33',
  'aws_vpc_security_group_ingress_rule.security-groups_elb-to-hosts-in_81C8C744',
  'aws_vpc_security_group_ingress_rule.security-groups_world-to-elb-80_A7216E13',
];

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
    const [zones] = Object.keys(stack.json.data['aws_availability_zones'] ?? {});
    assert.deepEqual(
      subnets.map((subnet) => [subnet['availability_zone'], subnet['map_public_ip_on_launch']]),
      [0, 1].map((at) => [
        `\${element(data.aws_availability_zones.${String(zones)}.names, ${at.toString()})}`,
        true,
      ]),
    );
    stack.none('aws_nat_gateway');
    assert.match(stack.the('aws_route')['gateway_id'] as string, /aws_internet_gateway/);
    assert.equal(Object.keys(stack.all('aws_route_table_association')).length, 2);
    assert.deepEqual(
      stack.the('aws_autoscaling_group')['vpc_zone_identifier'],
      stack.the('aws_elb')['subnets'],
    );
  });

  it('takes its default zones from AWS, without Local Zones, and keeps a subnet in its zone', () => {
    const stack = synthesize({ AWS_REGION: 'ap-northeast-1', HOST_SUBNETS: 'private' });
    const [zones] = Object.values(stack.json.data['aws_availability_zones'] ?? {});
    assert.deepEqual(zones?.['filter'], [{ name: 'opt-in-status', values: ['opt-in-not-required'] }]);
    assert.doesNotMatch(JSON.stringify(stack.json.resource), /"ap-northeast-1[a-z]"/);
    for (const subnet of Object.values(stack.all('aws_subnet')))
      assert.deepEqual(subnet['lifecycle'], { ignore_changes: ['availability_zone'] });
    const chosen = variant('everything');
    assert.equal(chosen.json.data['aws_availability_zones'], undefined);
    for (const subnet of Object.values(chosen.all('aws_subnet')))
      assert.equal(subnet['lifecycle'], undefined);
  });

  it('keeps the resources of earlier versions, so that an apply does not replace them', () => {
    const { resource } = synthesize({ HOST_SUBNETS: 'private' }).json;
    const now = Object.entries(resource).flatMap(([type, named]) =>
      Object.keys(named).map((id) => `${type}.${id}`),
    );
    assert.deepEqual(
      former.filter((id) => !now.includes(id)),
      [],
    );
  });

  it('lets each NAT gateway wait only for the route to the internet', () => {
    const stack = variant('everything');
    const waiting = [...Object.values(stack.all('aws_nat_gateway')), ...Object.values(stack.all('aws_eip'))];
    assert.equal(waiting.length, 6);
    for (const each of waiting)
      assert.deepEqual(
        (each['depends_on'] as string[]).map((id) => id.replace(/_[0-9A-F]{8}$/, '')),
        ['aws_route.network_public-default-route'],
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
