import assert from 'node:assert/strict';
import { statements, synthesize, variant, type Block } from './support/synthesized';
import { variants } from './support/variants';

const port80 = { lb_port: 80, lb_protocol: 'http', instance_port: 8000, instance_protocol: 'http' };

describe('The classic ELB', () => {
  it('is named default-elb and forwards port 80 to port 8000', () => {
    const stack = variant('default');
    stack.has('aws_elb', { name: 'default-elb', listener: [port80] });
    assert.equal(stack.the('aws_elb')['internal'], false);
  });

  it('removes a failed host and adds a healthy one within 30 s', () => {
    const check = variant('default').the('aws_elb')['health_check'] as Block;
    assert.equal(check['target'], 'HTTP:8000/healthcheck');
    const [interval, timeout] = [Number(check['interval']), Number(check['timeout'])];
    assert.ok(timeout < interval, 'AWS refuses a timeout that is not below the interval');
    assert.ok(Number(check['unhealthy_threshold']) * interval + timeout <= 30);
    assert.ok(Number(check['healthy_threshold']) * interval <= 30);
  });

  it('balances across zones, drains connections, and closes idle ones after 60 s', () => {
    variant('default').has('aws_elb', {
      cross_zone_load_balancing: true,
      connection_draining: true,
      connection_draining_timeout: 60,
      idle_timeout: 60,
    });
  });

  it('ignores changes of its members, so that an apply does not undo a detach', () => {
    for (const name of Object.keys(variants)) {
      const stack = variant(name);
      const elb = stack.the('aws_elb');
      assert.equal(elb['instances'], undefined);
      assert.deepEqual(elb['lifecycle'], { ignore_changes: ['instances'] });
      stack.none('aws_elb_attachment');
      stack.none('aws_autoscaling_attachment');
    }
  });

  it('gives a load balancer that a change of the scheme replaces the TLS policy again', () => {
    const { resource } = variant('everything').json;
    const trigger = `aws_elb.${String(Object.keys(resource['aws_elb'] ?? {})[0])}.internal`;
    for (const type of ['aws_load_balancer_policy', 'aws_load_balancer_listener_policy'])
      assert.deepEqual(variant('everything').the(type)['lifecycle'], { replace_triggered_by: [trigger] });
  });

  it('has no HTTPS without a certificate', () => {
    variant('default').none('aws_load_balancer_policy');
  });

  it('has no port 80 with HTTP=off, and is internal if configured', () => {
    const listeners = variant('single, private').the('aws_elb')['listener'] as Block[];
    assert.deepEqual(
      listeners.map((listener) => listener['lb_port']),
      [443],
    );
    assert.equal(variant('existing VPC').the('aws_elb')['internal'], true);
  });

  it('leaves redirects of port 80 to the service', () => {
    assert.match(variant('everything').userData, /^REDIRECT_HTTP=on'?$/m);
    for (const name of ['default', 'single, private', 'GovCloud'])
      assert.doesNotMatch(variant(name).userData, /REDIRECT_HTTP/, name);
  });

  it('adds HTTPS with TLS 1.2 beside port 80 with a certificate', () => {
    const stack = variant('everything');
    const https = {
      ...port80,
      lb_port: 443,
      lb_protocol: 'https',
      ssl_certificate_id: variants['everything']?.['CERTIFICATE_ARN'],
    };
    stack.has('aws_elb', { listener: [port80, https] });
    stack.has('aws_load_balancer_policy', {
      policy_type_name: 'SSLNegotiationPolicyType',
      policy_attribute: [{ name: 'Reference-Security-Policy', value: 'ELBSecurityPolicy-TLS-1-2-2017-01' }],
    });
    assert.equal(stack.the('aws_load_balancer_listener_policy')['load_balancer_port'], 443);
  });
});

describe('The access logs', () => {
  it('are off by default', () => {
    const stack = variant('default');
    stack.none('aws_s3_bucket');
    assert.equal(stack.the('aws_elb')['access_logs'], undefined);
  });

  it('go to a private bucket that expires them and that a destroy deletes', () => {
    const stack = variant('everything');
    stack.has('aws_s3_bucket', { bucket_prefix: 'inventory-prod-elb-logs-', force_destroy: true });
    stack.has('aws_s3_bucket_public_access_block', {
      block_public_acls: true,
      block_public_policy: true,
      ignore_public_acls: true,
      restrict_public_buckets: true,
    });
    assert.deepEqual(
      (stack.the('aws_s3_bucket_lifecycle_configuration')['rule'] as Block[])[0]?.['expiration'],
      [{ days: 90 }],
    );
    stack.has('aws_s3_bucket_lifecycle_configuration', {
      rule: [
        {
          id: 'expire',
          status: 'Enabled',
          filter: [{ prefix: '' }],
          expiration: [{ days: 90 }],
          abort_incomplete_multipart_upload: [{ days_after_initiation: 7 }],
        },
      ],
    });
    const elb = stack.the('aws_elb');
    assert.match(String((elb['access_logs'] as Block)['bucket']), /aws_s3_bucket/);
    assert.ok(
      (elb['depends_on'] as string[]).some((resource) => resource.startsWith('aws_s3_bucket_policy.')),
    );
  });

  it('allow only ELB to write, and only for this account', () => {
    const policy = statements(variant('everything').the('aws_s3_bucket_policy')['policy']);
    assert.deepEqual(
      policy.map(({ Action }) => String(Action)),
      ['s3:PutObject', 's3:PutObject'],
    );
    assert.deepEqual(policy[0]?.['Principal'], { Service: 'logdelivery.elasticloadbalancing.amazonaws.com' });
    assert.match(
      String(
        (policy[0]['Condition'] as Record<string, Block>)['StringEqualsIfExists']?.['aws:SourceAccount'],
      ),
      /^\$\{data\.aws_caller_identity\..*account_id\}$/,
    );
    assert.match(String((policy[1]?.['Principal'] as Block)['AWS']), /data\.aws_elb_service_account/);
    for (const { Resource } of policy)
      assert.match(String(Resource), /\/AWSLogs\/\$\{data\.aws_caller_identity\..*account_id\}\/\*$/);
  });

  it('name only the ELB account in the other partitions', () => {
    for (const AWS_REGION of ['us-gov-west-1', 'us-gov-east-1', 'cn-north-1', 'cn-northwest-1']) {
      const stack = synthesize({ AWS_REGION, ACCESS_LOGS: 'on' });
      const [account, ...others] = statements(stack.the('aws_s3_bucket_policy')['policy']);
      assert.deepEqual(others, []);
      assert.match(String((account?.['Principal'] as Block)['AWS']), /data\.aws_elb_service_account/);
    }
  });

  it('use no ELB account in regions without one', () => {
    const stack = synthesize({ AWS_REGION: 'il-central-1', ACCESS_LOGS: 'on' });
    assert.equal(stack.json.data['aws_elb_service_account'], undefined);
    assert.equal(statements(stack.the('aws_s3_bucket_policy')['policy']).length, 1);
  });
});

describe('The DNS name', () => {
  it('is not set by default', () => {
    variant('default').none('aws_route53_record');
  });

  it('is an alias of the ELB in the parent zone by name, private for an internal ELB', () => {
    for (const [name, zone, isPrivate] of [
      ['everything', 'prod.example.com', false],
      ['existing VPC', 'example.com', true],
    ] as const) {
      const stack = variant(name);
      const [found] = Object.values(stack.json.data['aws_route53_zone'] ?? {});
      assert.deepEqual([found?.['name'], found?.['private_zone']], [zone, isPrivate]);
      const record = stack.the('aws_route53_record');
      assert.deepEqual([record['type'], record['name']], ['A', variants[name]?.['DNS_NAME']]);
      assert.match(String(record['zone_id']), /data\.aws_route53_zone/);
      const alias = record['alias'] as Block;
      assert.match(String(alias['name']), /aws_elb\..*\.dns_name/);
      assert.match(String(alias['zone_id']), /aws_elb\..*\.zone_id/);
    }
  });

  it('is in a zone by id, or only in the outputs', () => {
    variant('GovCloud').has('aws_route53_record', { zone_id: 'Z0123456789ABCDEFGHIJ' });
    variant('single, private').none('aws_route53_record');
  });
});
