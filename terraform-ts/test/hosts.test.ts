import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { containerMemoryBytes } from '../config/container';
import { synthesize, variant, type Block } from './support/synthesized';

describe('The launch template', () => {
  it('uses Amazon Linux 2023 for the architecture of its type, from an SSM parameter', () => {
    const image = (name: string) =>
      Object.values(variant(name).json.data['aws_ssm_parameter'] ?? {})[0]?.['name'] as string;
    assert.equal(image('default'), '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64');
    assert.equal(image('everything'), '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64');
    assert.match(
      String(variant('default').the('aws_launch_template')['image_id']),
      /data\.aws_ssm_parameter\..*insecure_value/,
    );
  });

  it('has a t3.micro, IMDSv2 with one hop, and an encrypted gp3 volume that is deleted with the host', () => {
    const stack = variant('default');
    stack.has('aws_launch_template', {
      instance_type: 't3.micro',
      metadata_options: { http_endpoint: 'enabled', http_tokens: 'required', http_put_response_hop_limit: 1 },
    });
    const [disk] = stack.the('aws_launch_template')['block_device_mappings'] as Block[];
    assert.deepEqual(disk?.['ebs'], {
      encrypted: 'true',
      volume_type: 'gp3',
      volume_size: 16,
      delete_on_termination: 'true',
    });
  });

  it('sets how a T type uses CPU credits, and nothing for other types', () => {
    const credits = (name: string) =>
      variant(name).the('aws_launch_template')['credit_specification'] as unknown;
    assert.deepEqual(credits('default'), { cpu_credits: 'unlimited' });
    assert.deepEqual(credits('everything'), { cpu_credits: 'standard' });
    assert.equal(credits('GovCloud'), undefined);
  });

  it('has the role, and a key pair only if configured', () => {
    const template = variant('default').the('aws_launch_template');
    assert.match(String((template['iam_instance_profile'] as Block)['name']), /aws_iam_instance_profile/);
    assert.equal(template['key_name'], undefined);
    variant('single').has('aws_launch_template', { key_name: 'sre' });
  });

  it('has no network interface, because AWS refuses one beside a subnet', () => {
    assert.equal(variant('default').the('aws_launch_template')['network_interfaces'], undefined);
  });

  it('tags the resources that it launches', () => {
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

describe('The group of hosts', () => {
  const stack = () => variant('default');
  const group = () => stack().the('aws_autoscaling_group');

  it('has one to three hosts, or the configured number', () => {
    stack().has('aws_autoscaling_group', { min_size: 1, max_size: 3 });
    variant('everything').has('aws_autoscaling_group', { min_size: 2, max_size: 5, min_elb_capacity: 2 });
  });

  it('registers hosts with the ELB, and replaces hosts that are unhealthy there', () => {
    stack().has('aws_autoscaling_group', { load_balancers: ['default-elb'], health_check_type: 'ELB' });
    const check = stack().the('aws_elb')['health_check'] as Block;
    const inService =
      Number(check['healthy_threshold']) * Number(check['interval']) + Number(check['timeout']);
    assert.ok(
      Number(group()['health_check_grace_period']) > inService,
      'the grace period is too short for a new host',
    );
  });

  it('puts hosts into service after their boot, and abandons them if it fails', () => {
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

  /** Returns the target of a policy for a host with this number of vCPUs, as Terraform computes it. */
  const target = (name: string, what: string, vcpus = 1) => {
    const policy = variant(name).all('aws_autoscaling_policy')[`group/${what}-tracking`];
    const { target_value } = policy?.['target_tracking_configuration'] as Block;
    const division = /^\$\{\((\d+) \/ data\.aws_ec2_instance_type\.[\w-]+\.default_vcpus\)\}$/.exec(
      String(target_value),
    );
    return division ? Number(division[1]) / vcpus : Number(target_value);
  };

  it('scales at 80 % of one vCPU, which is all that one process uses', () => {
    const vcpusOfTypes = { 't2.micro': 1, 't3.micro': 2, 'm7g.medium': 1, 'c7g.4xlarge': 16 };
    for (const [type, vcpus] of Object.entries(vcpusOfTypes)) {
      const busyProcess = 100 / vcpus;
      assert.ok(target('default', 'cpu', vcpus) < busyProcess, `${type} would never scale`);
      assert.equal(target('default', 'cpu', vcpus) / busyProcess, 0.8, type);
    }
    assert.equal(target('everything', 'cpu', 2), 30);
    const type = Object.values(variant('everything').json.data['aws_ec2_instance_type'] ?? {})[0];
    assert.equal(type?.['instance_type'], 't4g.small');
  });

  it("scales at 80 % of the memory limit of the API's container", () => {
    const builder = readFileSync(join(__dirname, '../../scripts/builder.sh'), 'utf8');
    assert.equal(/\bmemory=(\d+)m\b/.exec(builder)?.[1], (containerMemoryBytes / 1024 ** 2).toString());
    assert.equal(target('default', 'memory'), Math.round(0.8 * 512 * 1024 ** 2));
    assert.equal(target('everything', 'memory'), 256 * 1024 ** 2);
  });

  it('scales on the metrics of the group and of the agent', () => {
    const policies = Object.values(stack().all('aws_autoscaling_policy'));
    assert.ok(policies.every((policy) => policy['policy_type'] === 'TargetTrackingScaling'));
    const metrics = policies.map((policy) => ({
      ...(policy['target_tracking_configuration'] as Block),
      target_value: undefined,
    }));
    assert.deepEqual(metrics, [
      {
        target_value: undefined,
        predefined_metric_specification: { predefined_metric_type: 'ASGAverageCPUUtilization' },
      },
      {
        target_value: undefined,
        customized_metric_specification: {
          namespace: 'elb-inventory',
          metric_name: 'procstat_memory_rss',
          statistic: 'Average',
        },
      },
    ]);
  });

  it('has hosts that send the memory metrics', () => {
    assert.match(stack().userData, /^readonly METRIC_NAMESPACE='elb-inventory'$/m);
    assert.match(stack().userData, /"mem": \{ "measurement": \["used_percent"\] \}/);
    assert.match(stack().userData, /"procstat": \[/);
    assert.match(stack().userData, /"aggregation_dimensions": \[\[\]\]/);
  });

  it('has an agent that measures the process of the image, and no other process of its container', () => {
    const pattern = new RegExp(/"pattern": "(.*)"/.exec(stack().userData)?.[1] ?? '');
    const dockerfile = readFileSync(join(__dirname, '../../Dockerfile'), 'utf8');
    const command = (JSON.parse(/^CMD (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]') as string[]).join(' ');
    const check = (JSON.parse(/^ +CMD (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]') as string[]).join(' ');
    assert.match(command, pattern);
    assert.match(check, /^node /);
    for (const other of [check, `/sbin/docker-init -- ${command}`]) assert.doesNotMatch(other, pattern);
  });

  it('has another template for another version', () => {
    const userData = (GIT_REF: string) =>
      synthesize({ GIT_REF }).the('aws_launch_template')['user_data'] as string;
    assert.notEqual(userData('v1.0.0'), userData('v1.0.1'));
  });

  it('ignores the size and version that scaling and a refresh set', () => {
    assert.equal(group()['desired_capacity'], undefined);
    assert.deepEqual(group()['lifecycle'], {
      ignore_changes: ['desired_capacity', 'launch_template[0].version'],
    });
  });

  it('is destroyed without waiting for booting hosts', () => {
    assert.equal(group()['force_delete'], true);
  });
});

describe('A single host', () => {
  it('is an instance of the template, without a group', () => {
    const stack = variant('single');
    stack.none('aws_autoscaling_group');
    stack.none('aws_autoscaling_policy');
    const instance = stack.the('aws_instance');
    assert.match(String((instance['launch_template'] as Block)['version']), /latest_version/);
    assert.match(String(instance['subnet_id']), /public-us-east-1a/);
  });

  it('registers itself with the ELB and has the permission', () => {
    const stack = variant('single');
    assert.match(stack.userData, /^readonly ELB_NAME='default-elb'$/m);
    assert.match(stack.userData, /^readonly GROUP_NAME=''$/m);
    assert.match(String(stack.the('aws_iam_role_policy')['policy']), /loadbalancer\/default-elb/);
  });

  it('is in a private subnet if configured', () => {
    assert.match(String(variant('single, private').the('aws_instance')['subnet_id']), /private-us-east-1a/);
  });
});
