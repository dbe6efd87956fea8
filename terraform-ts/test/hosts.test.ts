import assert from 'node:assert/strict';
import { synthesize, variant, type Block } from './support/synthesized';

describe('The launch template', () => {
  it('takes Amazon Linux 2023 of the architecture of its type, by SSM parameter', () => {
    const image = (name: string) =>
      Object.values(variant(name).json.data['aws_ssm_parameter'] ?? {})[0]?.['name'] as string;
    assert.equal(image('default'), '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64');
    assert.equal(image('everything'), '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64');
    assert.match(
      String(variant('default').the('aws_launch_template')['image_id']),
      /data\.aws_ssm_parameter\..*insecure_value/,
    );
  });

  it('asks for a t3.micro, IMDSv2 with two hops, and an encrypted gp3 volume that goes with its host', () => {
    const stack = variant('default');
    stack.has('aws_launch_template', {
      instance_type: 't3.micro',
      metadata_options: { http_endpoint: 'enabled', http_tokens: 'required', http_put_response_hop_limit: 2 },
    });
    const [disk] = stack.the('aws_launch_template')['block_device_mappings'] as Block[];
    assert.deepEqual(disk?.['ebs'], {
      encrypted: 'true',
      volume_type: 'gp3',
      volume_size: 16,
      delete_on_termination: 'true',
    });
  });

  it('gives hosts the role, and a key pair only if one is named', () => {
    const template = variant('default').the('aws_launch_template');
    assert.match(String((template['iam_instance_profile'] as Block)['name']), /aws_iam_instance_profile/);
    assert.equal(template['key_name'], undefined);
    variant('single').has('aws_launch_template', { key_name: 'sre' });
  });

  it('opens no network interface of its own, as a subnet given beside it would be refused', () => {
    assert.equal(variant('default').the('aws_launch_template')['network_interfaces'], undefined);
  });

  it('tags what it launches', () => {
    const template = variant('everything').the('aws_launch_template');
    const tagged = (template['tag_specifications'] as Block[]).map(({ resource_type, tags }) => [
      resource_type,
      (tags as Block)['Team'],
    ]);
    assert.deepEqual(tagged, [
      ['instance', 'sre'],
      ['volume', 'sre'],
      ['network-interface', 'sre'],
    ]);
  });
});

describe('Hosts as a group', () => {
  const stack = () => variant('default');
  const group = () => stack().the('aws_autoscaling_group');

  it('are one to three, as given', () => {
    stack().has('aws_autoscaling_group', { min_size: 1, max_size: 3 });
    variant('everything').has('aws_autoscaling_group', { min_size: 2, max_size: 5, min_elb_capacity: 2 });
  });

  it('are members of the ELB, and replaced when the ELB finds them ill', () => {
    stack().has('aws_autoscaling_group', { load_balancers: ['default-elb'], health_check_type: 'ELB' });
    const check = stack().the('aws_elb')['health_check'] as Block;
    const inService =
      Number(check['healthy_threshold']) * Number(check['interval']) + Number(check['timeout']);
    assert.ok(
      Number(group()['health_check_grace_period']) > inService,
      'a new host is called ill before it can be well',
    );
  });

  it('are in service when their boot says so, and given back when it does not', () => {
    assert.deepEqual(group()['initial_lifecycle_hook'], [
      {
        name: 'api-is-ready',
        lifecycle_transition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
        default_result: 'ABANDON',
        heartbeat_timeout: 1800,
      },
    ]);
    assert.match(stack().userData, /^readonly LIFECYCLE_HOOK='api-is-ready'$/m);
    assert.match(stack().userData, /^readonly GROUP_NAME='elb-inventory'$/m);
    assert.equal(group()['name'], 'elb-inventory');
  });

  it('are scaled by CPU and memory at 80 %', () => {
    const policies = stack().all('aws_autoscaling_policy');
    for (const policy of Object.values(policies))
      assert.equal(policy['policy_type'], 'TargetTrackingScaling');
    const [cpu, memory] = ['cpu', 'memory'].map(
      (what) => policies[`group/${what}-tracking`]?.['target_tracking_configuration'] as Block,
    );
    assert.deepEqual(cpu, {
      target_value: 80,
      predefined_metric_specification: { predefined_metric_type: 'ASGAverageCPUUtilization' },
    });
    assert.deepEqual(memory, {
      target_value: 80,
      customized_metric_specification: {
        namespace: 'elb-inventory',
        metric_name: 'mem_used_percent',
        statistic: 'Average',
      },
    });
  });

  it('send the metric they are scaled by', () => {
    assert.match(stack().userData, /^readonly METRIC_NAMESPACE='elb-inventory'$/m);
    assert.match(stack().userData, /"mem": \{ "measurement": \["used_percent"\] \}/);
    assert.match(stack().userData, /"aggregation_dimensions": \[\[\]\]/);
  });

  it('are replaced on change, new before old, and back if that fails', () => {
    const { strategy, preferences } = group()['instance_refresh'] as { strategy: string; preferences: Block };
    assert.equal(strategy, 'Rolling');
    assert.deepEqual(preferences, {
      min_healthy_percentage: 100,
      max_healthy_percentage: 200,
      auto_rollback: true,
      standby_instances: 'Wait',
    });
    const { version } = group()['launch_template'] as Block;
    assert.match(String(version), /aws_launch_template\..*\.latest_version/, 'a change must reach the group');
  });

  it('change their template with the version they run', () => {
    const userData = (GIT_REF: string) =>
      synthesize({ GIT_REF }).the('aws_launch_template')['user_data'] as string;
    assert.notEqual(userData('v1.0.0'), userData('v1.0.1'));
  });

  it('keep the number that scaling has reached', () => {
    assert.equal(group()['desired_capacity'], undefined);
    assert.deepEqual(group()['lifecycle'], { ignore_changes: ['desired_capacity'] });
  });

  it('leave with a destroy even in the middle of their boot', () => {
    assert.equal(group()['force_delete'], true);
  });
});

describe('A single host', () => {
  it('is an instance of the same template, and no group', () => {
    const stack = variant('single');
    stack.none('aws_autoscaling_group');
    stack.none('aws_autoscaling_policy');
    const instance = stack.the('aws_instance');
    assert.match(String((instance['launch_template'] as Block)['version']), /latest_version/);
    assert.match(String(instance['subnet_id']), /public-us-east-1a/);
  });

  it('registers itself with the ELB, which its role may', () => {
    const stack = variant('single');
    assert.match(stack.userData, /^readonly ELB_NAME='default-elb'$/m);
    assert.match(stack.userData, /^readonly GROUP_NAME=''$/m);
    assert.match(String(stack.the('aws_iam_role_policy')['policy']), /loadbalancer\/default-elb/);
  });

  it('is in a private subnet if asked', () => {
    assert.match(String(variant('single, private').the('aws_instance')['subnet_id']), /private-us-east-1a/);
  });
});
