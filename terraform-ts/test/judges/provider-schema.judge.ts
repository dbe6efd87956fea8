import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { variant, type Block } from '../support/synthesized';
import { variants } from '../support/variants';
import { ProviderSchema } from './provider-schema';
import { tools } from './tools';

const assemblies = {
  'of the bindings': join(__dirname, '../../node_modules/@cdktf/provider-aws/.jsii'),
  'of a newer provider': join(tools, 'newer-provider.jsii'),
};

type Json = ReturnType<typeof variant>['json'];

/** Faults to introduce into the first resource of the type: the change, and the expected finding. */
const mutants: Record<string, [type: string, change: (block: Block) => void, expected: RegExp]> = {
  'an unknown argument': [
    'aws_elb',
    (elb) => (elb['listeners'] = []),
    /aws_elb\.[\w-]+: listeners is unknown/,
  ],
  'a missing argument': ['aws_elb', (elb) => delete elb['listener'], /aws_elb\.[\w-]+: listener is missing/],
  'a wrong type': ['aws_elb', (elb) => (elb['idle_timeout'] = '60'), /\.idle_timeout: "60" is not a number/],
  'an unknown argument in a block': [
    'aws_elb',
    (elb) => ((elb['health_check'] as Block)['path'] = '/healthcheck'),
    /\.health_check: path is unknown/,
  ],
  'a missing argument in a list of blocks': [
    'aws_elb',
    (elb) => delete (elb['listener'] as Block[])[0]?.['lb_port'],
    /\.listener\[0\]: lb_port is missing/,
  ],
  'a wrong type two blocks down': [
    'aws_launch_template',
    (host) => (((host['block_device_mappings'] as Block[])[0]?.['ebs'] as Block)['volume_size'] = '16'),
    /\.block_device_mappings\[0\]\.ebs\.volume_size: "16" is not a number/,
  ],
  'a block that is a text': [
    'aws_elb',
    (elb) => (elb['health_check'] = 'HTTP'),
    /\.health_check: "HTTP" is not a block/,
  ],
  'a list that is a text': [
    'aws_elb',
    (elb) => (elb['subnets'] = 'subnet-1'),
    /\.subnets: "subnet-1" is not a list/,
  ],
  'a number in a list of texts': [
    'aws_elb',
    (elb) => (elb['subnets'] = [1]),
    /\.subnets\[0\]: 1 is not a string/,
  ],
  'a number in a map of texts': [
    'aws_elb',
    (elb) => ((elb['tags'] as Block)['Name'] = 1),
    /\.tags\.Name: 1 is not a string/,
  ],
  'an unknown attribute in a reference': [
    'aws_elb',
    (elb) => (elb['name'] = '${aws_vpc.network_vpc.identity}'),
    /aws_vpc\.network_vpc: the attribute identity is unknown/,
  ],
  'an unknown name in ignore_changes': [
    'aws_elb',
    (elb) => (elb['lifecycle'] = { ignore_changes: ['members'] }),
    /lifecycle: ignores the unknown members/,
  ],
};

for (const [which, path] of Object.entries(assemblies)) {
  describe(`The schema ${which}`, function () {
    this.timeout(300_000);
    let schema: ProviderSchema;
    before(function () {
      if (!existsSync(path)) this.skip();
      schema = new ProviderSchema(path);
    });

    if (which === 'of the bindings') {
      it('is that of the provider version that Terraform installs', () => {
        const { required_providers } = variant('default').json.terraform as { required_providers: Block };
        assert.equal((required_providers['aws'] as Block)['version'], schema.version);
      });
    } else {
      it('is newer than that of the bindings', () => {
        const { version } = new ProviderSchema(assemblies['of the bindings']);
        assert.ok(schema.version.localeCompare(version, 'en', { numeric: true }) > 0, schema.version);
      });
    }

    for (const name of Object.keys(variants)) {
      it(`has every argument, block, type and attribute of the JSON (${name})`, () => {
        assert.deepEqual(schema.faults(variant(name).json), []);
      });
    }

    it('has no type that does not exist', () => {
      const json = { resource: { aws_elbow: { one: {} } }, data: {} };
      assert.deepEqual(schema.faults(json), ['aws_elbow.one: the provider has no such type']);
    });

    it('refuses an unknown argument of the provider', () => {
      const faults = schema.faults({
        resource: {},
        data: {},
        provider: { aws: [{ default_tags: [{ tag: {} }] }] },
      });
      assert.deepEqual(faults, ['provider.default_tags[0]: tag is unknown']);
    });

    for (const [fault, [type, change, expected]] of Object.entries(mutants)) {
      it(`refuses ${fault}`, () => {
        const json = JSON.parse(variant('default').text) as Json;
        change(Object.values(json.resource[type] ?? {})[0] as Block);
        const faults = schema.faults(json);
        assert.equal(faults.length, 1, faults.join('\n'));
        assert.match(String(faults[0]), expected);
      });
    }
  });
}
