import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rehearsal } from './support/rehearsal';
import { variant } from './support/synthesized';
import { source } from './support/variants';

/**
 * Runs Terraform without AWS: a terraform_data, which needs no provider, replaces every resource, so that Terraform evaluates
 * each expression and the dependency graph.
 */
describe('Terraform', function () {
  this.timeout(120_000);
  const folders: string[] = [];
  before(function () {
    if (spawnSync('terraform', ['version']).status !== 0) this.skip();
  });
  after(() => {
    for (const folder of folders) rmSync(folder, { recursive: true });
  });

  function terraform(folder: string, ...args: string[]): string {
    const env = { ...process.env, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' };
    return execFileSync('terraform', args, {
      cwd: folder,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  function rehearsed(name: string): string {
    const folder = mkdtempSync(join(tmpdir(), 'rehearsal-'));
    folders.push(folder);
    writeFileSync(join(folder, 'main.tf.json'), JSON.stringify(rehearsal(variant(name).json)));
    terraform(folder, 'init', '-input=false', '-no-color');
    return folder;
  }

  it('refuses a reference to a missing resource', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rehearsal-'));
    folders.push(folder);
    const { json } = variant('default');
    const broken = JSON.parse(
      JSON.stringify(json).replaceAll('aws_elb.load-balancer', 'aws_elb.gone'),
    ) as typeof json;
    writeFileSync(
      join(folder, 'main.tf.json'),
      JSON.stringify(rehearsal({ ...broken, resource: json.resource })),
    );
    terraform(folder, 'init', '-input=false', '-no-color');
    assert.throws(() => terraform(folder, 'validate', '-no-color'), /undeclared resource/);
  });

  it('applies the JSON and returns the outputs', () => {
    const folder = rehearsed('default');
    terraform(folder, 'apply', '-auto-approve', '-input=false', '-no-color', '-parallelism=50');
    const outputs = JSON.parse(terraform(folder, 'output', '-json')) as Record<string, { value: unknown }>;
    assert.equal(outputs['url']?.value, 'http://dns_name.stand-in');
    assert.equal(
      outputs['redeploy_command']?.value,
      `scripts/builder.sh --ref ${source.GIT_REF} --host ec2-user@stand-in-1=stand-in-1 --host ec2-user@stand-in-2=stand-in-2`,
    );
    assert.equal((outputs['shell_commands']?.value as string[]).length, 2);
  });

  for (const name of ['everything', 'single', 'existing VPC', 'single, private']) {
    it(`validates the JSON (${name})`, () => {
      terraform(rehearsed(name), 'validate', '-no-color');
    });
  }
});
