import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GroupInAws } from './support/group-in-aws';
import { variant, type Block } from './support/synthesized';

const refresh = () => variant('default').all('terraform_data')['group/refresh'] as Block;

describe('The refresh of the group', () => {
  it('is the only step that moves the group to another version', () => {
    const group = variant('default').the('aws_autoscaling_group');
    const { ignore_changes } = group['lifecycle'] as { ignore_changes: string[] };
    assert.ok(ignore_changes.includes('launch_template[0].version'));
    assert.equal(group['instance_refresh'], undefined);
    assert.match(String((group['launch_template'] as Block)['version']), /\.latest_version\}$/);
  });

  it('starts for each new version of the template, after the changes of the group', () => {
    assert.match(
      String(refresh()['triggers_replace'].version),
      /^\$\{aws_launch_template\..*\.latest_version\}$/,
    );
    assert.match(String(refresh()['depends_on']), /^aws_autoscaling_group\./);
  });

  it('starts new hosts before it removes old ones, names its configuration, and rolls back on failure', () => {
    const { environment } = refresh()['provisioner'][0]['local-exec'] as {
      environment: Record<string, string>;
    };
    const request = JSON.parse(String(environment['REFRESH'])) as Block;
    assert.equal(request['AutoScalingGroupName'], 'elb-inventory');
    assert.match(String(request['DesiredConfiguration'].LaunchTemplate.Version), /latest_version/);
    assert.deepEqual(request['Preferences'], {
      MinHealthyPercentage: 100,
      MaxHealthyPercentage: 200,
      AutoRollback: true,
      SkipMatching: true,
      StandbyInstances: 'Wait',
    });
  });

  it('is a script that Terraform does not interpret and that passes shellcheck', function () {
    const { environment } = refresh()['provisioner'][0]['local-exec'] as {
      environment: Record<string, string>;
    };
    assert.doesNotMatch(String(environment['SCRIPT']), /[$%]\{/);
    const values = Object.keys(environment).map((name) => `${name}=x\n`);
    const { error, stdout } = spawnSync('shellcheck', ['--enable=check-unassigned-uppercase', '-'], {
      input: `#!/usr/bin/env bash\n${values.join('')}export SCRIPT\n${String(environment['SCRIPT'])}`,
      encoding: 'utf8',
    });
    if (error) this.skip();
    assert.equal(stdout, '');
  });

  for (const [what, aws, says] of [
    [
      'the AWS CLI is missing',
      undefined,
      /elb-inventory: the AWS CLI is missing; install it, then apply again/,
    ],
    [
      'AWS refuses the credentials',
      'exit 254',
      /the state of the instance refreshes cannot be read, see above; check the credentials/,
    ],
    [
      'the refresh cannot start',
      '[[ $2 != start-instance-refresh ]] || exit 254; echo None',
      /the refresh cannot start, see above; the group launches the previous version/,
    ],
    [
      'it was cancelled',
      'case "$2 $*" in start*) echo r-1 ;; *Reason*) echo stopped ;; *--instance-refresh-ids*) echo Cancelled 50 ;; *) echo None ;; esac',
      /the refresh r-1 ended with Cancelled: stopped; the group launches the previous version/,
    ],
  ] as const)
    it(`fails with the next step if ${what}`, () => {
      const { environment } = refresh()['provisioner'][0]['local-exec'] as {
        environment: Record<string, string>;
      };
      const folder = mkdtempSync(join(tmpdir(), 'refresh-'));
      symlinkSync('/usr/bin/sleep', join(folder, 'sleep'));
      if (aws !== undefined) writeFileSync(join(folder, 'aws'), `#!/bin/bash\n${aws}\n`, { mode: 0o755 });
      const { status, stderr } = spawnSync('/bin/bash', ['-c', String(environment['SCRIPT'])], {
        env: { ...environment, PATH: folder, POLL_SECONDS: '0' },
        encoding: 'utf8',
      });
      rmSync(folder, { recursive: true });
      assert.equal(status, 1, stderr);
      assert.match(stderr, says);
    });

  it('does not exist for a single host', () => {
    assert.deepEqual(Object.keys(variant('single').all('terraform_data')), ['account/first']);
  });
});

/** Terraform and the AWS CLI run the refresh; only AWS is emulated. */
describe('An apply with another version', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'refresh-'));
  let aws: GroupInAws;

  before(function () {
    for (const program of ['terraform', 'aws'])
      if (spawnSync(program, ['--version']).status !== 0) this.skip();
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    aws = new GroupInAws('1');
    const url = await aws.start();
    const real = spawnSync('bash', ['-c', 'command -v aws'], { encoding: 'utf8' }).stdout.trim();
    writeFileSync(join(folder, 'aws'), `#!/bin/sh\nexec '${real}' "$@" --endpoint-url ${url}\n`);
    chmodSync(join(folder, 'aws'), 0o755);
    const text = JSON.stringify(refresh())
      .replaceAll(/\$\{aws_launch_template\.[\w-]+\.id\}/g, 'lt-1')
      .replaceAll(/\$\{aws_launch_template\.[\w-]+\.latest_version\}/g, '${var.latest}')
      .replace('"POLL_SECONDS":"15"', '"POLL_SECONDS":"0.1"');
    const block = { ...(JSON.parse(text) as Block), depends_on: [] };
    const stack = {
      variable: { latest: { type: 'number' } },
      resource: { terraform_data: { refresh: block } },
    };
    rmSync(join(folder, 'terraform.tfstate'), { force: true });
    writeFileSync(join(folder, 'main.tf.json'), JSON.stringify(stack));
    await terraform('init');
  });
  afterEach(() => {
    aws.stop();
  });

  function terraform(...args: string[]): Promise<{ stdout: string }> {
    const env = {
      ...process.env,
      PATH: `${folder}:${process.env['PATH'] ?? ''}`,
      CHECKPOINT_DISABLE: '1',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
    };
    return promisify(execFile)('terraform', [...args, '-input=false', '-no-color'], { cwd: folder, env });
  }
  const apply = (version: number) => terraform('apply', '-auto-approve', `-var=latest=${version.toString()}`);

  it('ends when the refresh has succeeded, and the group has the new version', async () => {
    const { stdout } = await apply(2);
    assert.match(stdout, /the refresh refresh-0 replaces the hosts that do not have version 2/);
    assert.match(stdout, /Successful, 50 %/);
    assert.equal(aws.version, '2');
    assert.deepEqual(
      aws.refreshes.map(({ version, skipMatching, autoRollback }) => [version, skipMatching, autoRollback]),
      [['2', true, true]],
    );
    aws.stop();
    await apply(2);
    assert.equal(aws.refreshes.length, 1, 'an apply without a change must not refresh');
  });

  it('fails when the refresh fails, the group keeps the previous version, and the next apply tries again', async () => {
    await apply(2);
    aws.next = 'fails';
    await assert.rejects(
      apply(3),
      /RollbackSuccessful:\s+Lifecycle\s+action\s+was\s+abandoned\.;\s+the\s+group\s+launches\s+the\s+previous\s+version/,
    );
    assert.equal(aws.version, '2');
    aws.next = 'succeeds';
    await apply(3);
    assert.equal(aws.version, '3');
    assert.deepEqual(
      aws.refreshes.map(({ version }) => version),
      ['2', '3', '3'],
    );
  });

  it('cancels a refresh to another version, and waits for one to the same version', async () => {
    aws.next = 'hangs';
    const other = aws.begin('7');
    aws.next = 'succeeds';
    await apply(8);
    assert.equal(other.status, 'Cancelled');
    assert.equal(aws.version, '8');
    aws.next = 'isSlow';
    const same = aws.begin('9');
    await apply(9);
    assert.equal(same.status, 'Successful');
    assert.equal(aws.refreshes.length, 3, 'a second refresh to the same version was started');
  });
});
