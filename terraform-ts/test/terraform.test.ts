import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rehearsal } from './support/rehearsal';
import { synthesize, variant } from './support/synthesized';
import { source, variants } from './support/variants';

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

  /** Returns a folder with this Terraform code, initialized. */
  function initialized(code: object): string {
    const folder = mkdtempSync(join(tmpdir(), 'rehearsal-'));
    folders.push(folder);
    writeFileSync(join(folder, 'main.tf.json'), JSON.stringify(code));
    terraform(folder, 'init', '-input=false', '-no-color');
    return folder;
  }

  function rehearsed(name: string): string {
    return initialized(rehearsal(variant(name).json));
  }

  /** Applies the code and returns the values of its outputs. */
  function applied(code: object): Record<string, unknown> {
    const folder = initialized(code);
    terraform(folder, 'apply', '-auto-approve', '-input=false', '-no-color', '-parallelism=50');
    const outputs = JSON.parse(terraform(folder, 'output', '-json')) as Record<string, { value: unknown }>;
    return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));
  }

  it('refuses a reference to a missing resource', () => {
    const { json } = variant('default');
    const broken = JSON.parse(
      JSON.stringify(json).replaceAll('aws_elb.load-balancer', 'aws_elb.gone'),
    ) as typeof json;
    const folder = initialized(rehearsal({ ...broken, resource: json.resource }));
    assert.throws(() => terraform(folder, 'validate', '-no-color'), /undeclared resource/);
  });

  it('applies the JSON and returns the outputs', () => {
    const { json } = variant('default');
    const policy = Object.entries(json.resource['aws_autoscaling_policy'] ?? {}).find(([id]) =>
      id.includes('cpu'),
    );
    const value = policy?.[1]['target_tracking_configuration'].target_value as string;
    const outputs = applied(rehearsal({ ...json, output: { ...json.output, cpu_target: { value } } }));
    assert.equal(outputs['cpu_target'], 40, '80 % of one of two vCPUs');
    assert.equal(outputs['url'], 'http://dns_name.stand-in');
    assert.equal(
      outputs['redeploy_command'],
      `scripts/builder.sh --ref ${source.GIT_REF} --host ec2-user@ids-1=ids-1 --host ec2-user@ids-2=ids-2`,
    );
    assert.equal((outputs['shell_commands'] as string[]).length, 2);
  });

  const ssh = { SSH_CIDRS: '10.8.0.0/16', ACCESS: 'none' };
  const subnets = { ...variants['existing VPC'], ...ssh, AWS_REGION: 'us-east-1' };

  it('returns the public addresses of a group for SSH', () => {
    assert.deepEqual(applied(rehearsal(synthesize(ssh).json))['shell_commands'], [
      'ssh ec2-user@public_ips-1',
      'ssh ec2-user@public_ips-2',
    ]);
  });

  it('returns the private addresses of a group without public ones for SSH', () => {
    const outputs = applied(rehearsal(synthesize(subnets).json, { publicAddresses: false }));
    assert.deepEqual(outputs['shell_commands'], ['ssh ec2-user@private_ips-1', 'ssh ec2-user@private_ips-2']);
    assert.match(
      String(outputs['redeploy_command']),
      / --host ec2-user@private_ips-1=ids-1 --host ec2-user@private_ips-2=ids-2$/,
    );
  });

  it('returns the private address of a single host without a public one for SSH', () => {
    const json = synthesize({ ...subnets, HOSTS: 'single' }).json;
    const outputs = applied(rehearsal(json, { publicAddresses: false }));
    assert.deepEqual(outputs['shell_commands'], ['ssh ec2-user@private_ip.stand-in']);
    assert.match(String(outputs['redeploy_command']), / --host ec2-user@private_ip.stand-in=id.stand-in$/);
  });

  it('refuses to plan while the state is at the default key of earlier versions', () => {
    const { json } = synthesize({ STATE_BUCKET: 'example-terraform-state' });
    const [former] = Object.values(json.data['aws_s3_objects'] ?? {});
    const lifecycle = JSON.parse(
      JSON.stringify(former?.['lifecycle']).replaceAll('self.keys', 'self.output.keys'),
    ) as object;
    const plan = (keys: string[]) => () =>
      applied({ resource: { terraform_data: { objects: { input: { keys }, lifecycle } } } });
    assert.doesNotThrow(plan(['elb-inventory.tfstate.tflock', 'elb-inventory/us-east-1.tfstate']));
    assert.throws(
      plan(['elb-inventory.tfstate']),
      /aws s3 mv --region us-east-1\s+s3:\/\/example-terraform-state\/elb-inventory.tfstate/,
    );
  });

  it('refuses to plan with credentials of another account, which would build everything again there', () => {
    const first = variant('default').all('terraform_data')['account/first'];
    const block = JSON.stringify(first).replaceAll(
      /data\.aws_caller_identity\.[\w-]+\.account_id/g,
      'var.account',
    );
    const folder = initialized({
      variable: { account: {} },
      resource: { terraform_data: { first: JSON.parse(block) as object } },
    });
    const options = ['-input=false', '-no-color', '-var=account=111111111111'];
    terraform(folder, 'apply', '-auto-approve', ...options);
    terraform(folder, 'plan', '-detailed-exitcode', ...options);
    assert.throws(
      () => terraform(folder, 'plan', '-input=false', '-no-color', '-var=account=222222222222'),
      /The state is that of account 111111111111, but these are credentials of\s+account 222222222222/,
    );
  });

  for (const name of Object.keys(variants).filter((each) => each !== 'default')) {
    it(`validates the JSON (${name})`, () => {
      terraform(rehearsed(name), 'validate', '-no-color');
    });
  }
});
