import assert from 'node:assert/strict';
import { statements, synthesize, variant, type Block } from './support/synthesized';
import { variants } from './support/variants';

const port80 = { lb_port: 80, lb_protocol: 'http', instance_port: 8000, instance_protocol: 'http' };

describe('The classic ELB', () => {
  it('is named default-elb and forwards port 80 to port 8000', () => {
    const stack = variant('default');
    stack.has('aws_elb', { name: 'default-elb', listener: [port80] });
    assert.notEqual(stack.the('aws_elb')['internal'], true);
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

  it('has no HTTPS without a certificate', () => {
    variant('default').none('aws_load_balancer_policy');
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
    assert.match(String((policy[1]?.['Principal'] as Block)['AWS']), /data\.aws_elb_service_account/);
    for (const { Resource } of policy)
      assert.match(String(Resource), /\/AWSLogs\/\$\{data\.aws_caller_identity\..*account_id\}\/\*$/);
  });

  it('use no ELB account in regions without one', () => {
    const stack = synthesize({ AWS_REGION: 'il-central-1', ACCESS_LOGS: 'on' });
    assert.equal(stack.json.data['aws_elb_service_account'], undefined);
    assert.equal(statements(stack.the('aws_s3_bucket_policy')['policy']).length, 1);
  });
});
