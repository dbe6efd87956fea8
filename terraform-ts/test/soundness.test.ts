import assert from 'node:assert/strict';
import { TerraformStack } from 'cdktf';
import { Account } from '../constructs/account';
import { settings } from '../config/settings';
import { synthesize, testApp, variant, type Block } from './support/synthesized';
import { variants } from './support/variants';

/** Calls `see` for each text in the JSON, with its path. */
function eachText(value: unknown, see: (text: string, path: string) => void, path = ''): void {
  if (typeof value === 'string') see(value, path);
  else if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) eachText(inner, see, `${path}/${key}`);
}

/** Returns the resources and data sources in the text's `${…}`, such as aws_vpc.network_vpc_1A2B3C4D. */
function references(text: string): string[] {
  return [...text.matchAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g)].flatMap(([expression]) =>
    [...expression.matchAll(/(?:data\.)?aws_\w+\.[\w-]+/g)].map(([reference]) => reference),
  );
}

/** Types without tags: policies, attachments, and settings of other resources. */
const untaggable = new Set([
  'aws_autoscaling_policy',
  'aws_cloudwatch_dashboard',
  'aws_cloudwatch_event_target',
  'aws_iam_role_policy',
  'aws_load_balancer_listener_policy',
  'aws_load_balancer_policy',
  'aws_route',
  'aws_route53_record',
  'aws_route_table_association',
  'aws_s3_bucket_lifecycle_configuration',
  'aws_s3_bucket_policy',
  'aws_s3_bucket_public_access_block',
  'aws_sns_topic_policy',
  'aws_sns_topic_subscription',
]);

it('The variants use every setting', () => {
  const used = new Set(Object.values(variants).flatMap((env) => Object.keys(env)));
  assert.deepEqual(
    Object.keys(settings).filter((name) => !used.has(name)),
    [],
  );
});

for (const name of Object.keys(variants)) {
  describe(`The JSON for Terraform (${name})`, () => {
    const { json, text } = variant(name);

    it('refers only to existing resources', () => {
      const there = new Set([
        ...Object.entries(json.resource).flatMap(([type, named]) =>
          Object.keys(named).map((id) => `${type}.${id}`),
        ),
        ...Object.entries(json.data).flatMap(([type, named]) =>
          Object.keys(named).map((id) => `data.${type}.${id}`),
        ),
      ]);
      let seen = 0;
      eachText(json, (value, path) => {
        const found = path.includes('/depends_on/') ? [value] : references(value);
        for (const reference of found)
          assert.ok(there.has(reference), `${path} refers to ${reference}, which does not exist`);
        seen += found.length;
      });
      assert.ok(seen > 50, `found only ${seen.toString()} references`);
    });

    it('uses ids for arguments that are ids', () => {
      let seen = 0;
      eachText(json.resource, (value, path) => {
        if (
          !/\/((?!image)\w+_ids?|subnets|security_groups|vpc_zone_identifier)(\/\d+)?$/.test(path) ||
          !value.startsWith('${')
        )
          return;
        assert.match(value, /\.(zone_)?id\}$/, path);
        seen++;
      });
      assert.ok(seen > 5, `found only ${seen.toString()} ids`);
    });

    it('has no unresolved token of the CDK', () => {
      assert.doesNotMatch(text, /TfToken|Token\[|-1\.8881545897087\d*e\+289/);
    });

    it('has no empty lists', () => {
      for (const elb of Object.values(json.resource['aws_elb'] ?? {}))
        assert.ok((elb['listener'] as unknown[]).length > 0);
      const walk = (value: unknown, path: string): void => {
        if (Array.isArray(value))
          assert.ok(value.length > 0 || path.startsWith('/output/'), `${path} is an empty list`);
        if (typeof value === 'object' && value !== null)
          for (const [key, inner] of Object.entries(value)) walk(inner, `${path}/${key}`);
      };
      walk(json, '');
    });

    it('has user data that Terraform does not interpret and that EC2 accepts', () => {
      const { user_data } = variant(name).the('aws_launch_template');
      assert.match(String(user_data), /^[A-Za-z0-9+/]+=*$/, 'it has ${…}');
      assert.match(variant(name).userData, /^#!\/usr\/bin\/env bash\n/);
      assert.match(
        variant(name).userData,
        /"\\\$\{aws:InstanceId\}"/,
        "the CloudWatch agent's variable is missing",
      );
      assert.ok(Buffer.byteLength(variant(name).userData) <= 16_384);
    });

    it('tags every taggable resource', () => {
      const wanted = { Service: variants[name]?.['SERVICE_NAME'] ?? 'elb-inventory', ManagedBy: 'terraform' };
      const [provider] = json.provider['aws'] ?? [];
      const { tags } = (provider?.['default_tags'] as Block[])[0] as { tags: Block };
      for (const [key, value] of Object.entries(wanted)) assert.equal(tags[key], value);
      if (name === 'everything') assert.deepEqual([tags['Team'], tags['CostCentre']], ['sre', '4711']);
      for (const [type, named] of Object.entries(json.resource)) {
        // The provider's default tags apply to the others, but not to resources that a group or template launches.
        for (const each of Object.values(named)) {
          if (untaggable.has(type)) assert.equal(each['tags'], undefined, `${type} is taggable`);
          if (type === 'aws_autoscaling_group') {
            const group = each['tag'] as Block[];
            assert.ok(group.every((tag) => tag['propagate_at_launch'] === true));
            assert.deepEqual(Object.fromEntries(group.map(({ key, value }) => [key, value])), {
              ...tags,
              Name: wanted.Service,
            });
          }
          if (type === 'aws_launch_template')
            for (const launched of each['tag_specifications'] as Block[])
              assert.deepEqual(launched['tags'], { ...tags, Name: wanted.Service });
        }
      }
    });

    it('has unique names per resource type', () => {
      for (const [type, named] of Object.entries(json.resource)) {
        const names = Object.values(named)
          .map((each) => each['name'] as string | undefined)
          .filter((each) => each !== undefined);
        assert.equal(new Set(names).size, names.length, `${type}: ${names.join()}`);
      }
    });
  });
}

it('ARNs have the partition of the region', () => {
  for (const [AWS_REGION, partition] of [
    ['us-gov-west-1', 'aws-us-gov'],
    ['cn-north-1', 'aws-cn'],
    ['us-east-1', 'aws'],
  ] as const)
    for (const HOSTS of ['group', 'single']) {
      const { text } = synthesize({ AWS_REGION, HOSTS, ACCESS_LOGS: 'on', ALARM_EMAIL: 'sre@example.com' });
      const partitions = [...text.matchAll(/\barn:([^:]*):(\w+)/g)].map(([, found, service]) => [
        found,
        service,
      ]);
      assert.ok(partitions.length > 3);
      for (const [found, service] of partitions) assert.equal(found, partition, service);
      if (HOSTS === 'single') assert.ok(partitions.some(([, service]) => service === 'automate'));
    }
  assert.match(synthesize({ AWS_REGION: 'cn-north-1' }).text, /ec2\.amazonaws\.com\.cn/);
});

describe('Secrets', () => {
  const secrets = {
    API_TOKEN: 'c2VjcmV0LXVzZXI6c2VjcmV0LXBhc3N3b3Jk',
    AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7SECRET0',
    AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMIK7MDENGbPxRfiCYSECRET0',
    AWS_SESSION_TOKEN: 'FwoGZXIvYXdzSECRET0',
  };
  it('of the environment are neither in the JSON nor in user data', () => {
    const stack = synthesize({ ...variants['everything'], ...secrets });
    for (const [name, secret] of Object.entries(secrets)) {
      assert.ok(!stack.text.includes(secret), name);
      assert.ok(!stack.userData.includes(secret), name);
    }
  });

  it("are not read by Terraform, which has only the name of the token's parameter", () => {
    for (const name of Object.keys(variants)) {
      const { json } = variant(name);
      for (const [type, named] of Object.entries(json.data))
        for (const each of Object.values(named))
          if (type === 'aws_ssm_parameter') assert.match(String(each['name']), /^\/aws\/service\/ami-/);
      assert.equal(json.resource['aws_ssm_parameter'], undefined);
      assert.equal(json.provider['aws']?.[0]?.['secret_key'], undefined);
    }
  });
});

it('Two constructs with the same id and scope are refused', () => {
  const stack = new TerraformStack(testApp(), 'stack');
  new Account(stack, 'account', 'us-east-1');
  assert.throws(() => new Account(stack, 'account', 'us-east-1'), /already a Construct with name 'account'/);
});
