import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { variant, type Block, type Synthesized } from '../support/synthesized';
import { variants } from '../support/variants';
import { template } from './cloudformation';
import { judge, scratch } from './tools';

interface Finding {
  readonly Filename: string;
  readonly Rule: { readonly Id: string };
  readonly Message: string;
  readonly Location: { readonly Path: readonly (string | number)[] };
}

/** Faults to introduce into one stack, each in the first resource of the type: the change, and the expected finding. */
const mutants: Record<string, [type: string, change: (block: Block) => unknown, expected: RegExp]> = {
  'a value outside an enumeration': [
    'aws_cloudwatch_log_group',
    (logs) => (logs['retention_in_days'] = 31),
    /^E3030 RetentionInDays/,
  ],
  'an unknown instance type': [
    'aws_launch_template',
    (host) => (host['instance_type'] = 't3.mikro'),
    /^E3628 LaunchTemplateData\.InstanceType/,
  ],
  'a number above its range in a list of blocks': [
    'aws_elb',
    (elb) =>
      ((elb['listener'] as Block[])[0] = { ...(elb['listener'] as Block[])[0], instance_port: 70_000 }),
    /^E3034 Listeners\.0\.InstancePort/,
  ],
  'a value outside an enumeration in a block': [
    'aws_launch_template',
    (host) => ((host['metadata_options'] as Block)['http_tokens'] = 'demanded'),
    /^E3030 LaunchTemplateData\.MetadataOptions\.HttpTokens/,
  ],
  'a text that does not match its pattern': [
    'aws_autoscaling_group',
    (group) => (group['health_check_type'] = 'LB'),
    /^E3031 HealthCheckType/,
  ],
  'a subnet outside its VPC': [
    'aws_subnet',
    (subnet) => (subnet['cidr_block'] = '10.99.0.0/24'),
    /^E3059 CidrBlock/,
  ],
  'an unknown element of a policy': [
    'aws_iam_role_policy',
    (role) => (role['policy'] = String(role['policy']).replace('"Action"', '"Actions"')),
    /^E3510 PolicyDocument\.Statement\.0/,
  ],
  'a wrong id': ['aws_security_group', (group) => (group['vpc_id'] = 'vpc'), /^E1151 VpcId/],
};

describe('Literal values, by the schemas of CloudFormation', function () {
  this.timeout(300_000);
  let findings: Map<string, string[]>;

  before(async function () {
    const folder = scratch();
    const files: string[] = [];
    const write = (name: string, json: Synthesized['json']) => {
      const file = join(folder, `${name.replaceAll(/\W+/g, '-')}.json`);
      writeFileSync(file, JSON.stringify(template(json)));
      files.push(file);
    };
    for (const name of Object.keys(variants)) write(name, variant(name).json);
    const mutant = JSON.parse(variant('default').text) as Synthesized['json'];
    for (const [type, change] of Object.values(mutants))
      change(Object.values(mutant.resource[type] ?? {})[0] as Block);
    write('mutant', mutant);
    const regions = new Set(Object.values(variants).map((env) => env['AWS_REGION'] ?? 'us-east-1'));
    // Errors only; the warnings are about the style of templates.
    const args = [
      '--format',
      'json',
      '--ignore-checks',
      'W',
      'I',
      '--regions',
      ...regions,
      '--template',
      ...files,
    ];
    const found = JSON.parse(await judge(this, 'cfn-lint', args)) as Finding[];
    findings = new Map(files.map((file) => [file, []]));
    for (const { Filename, Rule, Message, Location } of found)
      findings.get(Filename)?.push(`${Rule.Id} ${Location.Path.slice(3).join('.')}: ${Message}`);
  });

  const of = (name: string) =>
    [...findings].find(([file]) => file.endsWith(`/${name.replaceAll(/\W+/g, '-')}.json`))?.[1];

  for (const name of Object.keys(variants)) {
    it(`are valid (${name})`, () => {
      assert.deepEqual(of(name), []);
    });
  }

  for (const [fault, [, , expected]] of Object.entries(mutants)) {
    it(`are refused with ${fault}`, () => {
      const found = of('mutant') ?? [];
      assert.ok(
        found.some((each) => expected.test(each)),
        `no finding matches; found:\n${found.join('\n')}`,
      );
    });
  }
});
