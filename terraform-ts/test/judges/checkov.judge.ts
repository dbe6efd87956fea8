import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { variant, type Block, type Synthesized } from '../support/synthesized';
import { variants } from '../support/variants';
import { exceptions } from './checkov-exceptions';
import { judge, scratch } from './tools';

interface Check {
  readonly check_id: string;
  readonly check_name: string;
  readonly file_path: string;
  /** The resource as TYPE.ID, or resource.ID without its type, depending on the kind of check. */
  readonly resource: string;
}

/** Faults to introduce into one stack, and the check that must then fail. */
const mutants: Record<string, [type: string, change: (block: Block) => unknown, expected: string]> = {
  'SSH open to the world': [
    'aws_vpc_security_group_ingress_rule',
    (rule) => Object.assign(rule, { from_port: 22, to_port: 22, cidr_ipv4: '0.0.0.0/0' }),
    'CKV_AWS_24',
  ],
  'metadata without a token': [
    'aws_launch_template',
    (host) => ((host['metadata_options'] as Block)['http_tokens'] = 'optional'),
    'CKV_AWS_79',
  ],
  'a bucket that is public': [
    'aws_s3_bucket_public_access_block',
    (block) => (block['block_public_acls'] = false),
    'CKV_AWS_53',
  ],
};

describe('Security, by checkov', function () {
  this.timeout(600_000);
  let failed: readonly Check[];
  let passed: readonly Check[];
  const folders = new Map(
    [...Object.keys(variants), 'mutant'].map((name) => [name, name.replaceAll(/\W+/g, '-')]),
  );

  before(async function () {
    const folder = scratch();
    const write = (name: string, text: string) => {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'cdk.tf.json'), text);
    };
    for (const name of Object.keys(variants)) write(String(folders.get(name)), variant(name).text);
    const mutant = JSON.parse(variant('everything').text) as Synthesized['json'];
    for (const [type, change] of Object.values(mutants))
      change(Object.values(mutant.resource[type] ?? {})[0] as Block);
    write('mutant', JSON.stringify(mutant, null, 2));
    const args = ['--framework', 'terraform_json', '--directory', folder, '--output', 'json'];
    const quick = ['--compact', '--skip-download', '--external-checks-dir', join(__dirname, 'checkov')];
    const report = JSON.parse(await judge(this, 'checkov', [...args, ...quick])) as {
      results?: { failed_checks: Check[]; passed_checks: Check[]; parsing_errors: unknown[] };
    };
    assert.ok(report.results, 'checkov read nothing');
    assert.deepEqual(report.results.parsing_errors, []);
    failed = report.results.failed_checks;
    passed = report.results.passed_checks;
  });

  const of = (checks: readonly Check[], name: string) =>
    checks.filter(({ file_path }) => file_path === `/${String(folders.get(name))}/cdk.tf.json`);
  const isExcepted = (check: Check) =>
    exceptions.some(
      ({ id, only }) => id === check.check_id && (only === undefined || only.test(check.resource)),
    );

  for (const name of Object.keys(variants)) {
    it(`is judged in every resource and data source (${name})`, () => {
      const read = of(passed, name).filter(({ check_id }) => check_id === 'CKV2_READ_1');
      const { resource, data } = variant(name).json;
      const synthesized = [...Object.entries(resource), ...Object.entries(data)].flatMap(([type, named]) =>
        Object.keys(named).map((id) => `${type}.${id}`),
      );
      assert.deepEqual(read.map((check) => check.resource).sort(), synthesized.sort());
    });

    it(`has no finding without a stated reason (${name})`, () => {
      const findings = of(failed, name).filter((check) => !isExcepted(check));
      assert.deepEqual(
        findings.map(({ check_id, check_name, resource }) => `${check_id} ${resource}: ${check_name}`),
        [],
      );
    });
  }

  it('has no unused exception', () => {
    const unused = exceptions.filter(
      ({ id, only }) =>
        !failed.some((check) => check.check_id === id && (only?.test(check.resource) ?? true)),
    );
    assert.deepEqual(unused, []);
  });

  for (const [fault, [, , expected]] of Object.entries(mutants)) {
    it(`refuses ${fault}`, () => {
      const found = of(failed, 'mutant').map(({ check_id }) => check_id);
      assert.ok(found.includes(expected), found.join());
    });
  }
});
