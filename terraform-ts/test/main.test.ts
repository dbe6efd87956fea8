import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { source } from './support/variants';

const main = join(__dirname, '../main.ts');

describe('npm run synth', () => {
  const folder = mkdtempSync(join(tmpdir(), 'synth-'));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  function synth(env: Record<string, string>) {
    return spawnSync(process.execPath, ['--require', 'tsx/cjs', main], {
      cwd: join(__dirname, '..'),
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], CDKTF_OUTDIR: folder, ...env },
      encoding: 'utf8',
    });
  }

  it('prints every fault of a configuration without a stack trace, and exits with 78', () => {
    const { status, stderr } = synth({ ...source, ZONES: 'us-east-1a', MAX_HOSTS: '0', ELB_NAME: '-' });
    assert.equal(status, 78);
    for (const field of ['ZONES', 'MAX_HOSTS', 'ELB_NAME'])
      assert.match(stderr, new RegExp(`^ {2}${field}: `, 'm'));
    assert.doesNotMatch(stderr, /\n\s+at /);
  });

  it('writes a stack without paths of this machine', () => {
    const { status, stderr } = synth(source);
    assert.equal(status, 0, stderr);
    const text = readFileSync(join(folder, 'stacks/elb-inventory-us-east-1/cdk.tf.json'), 'utf8');
    assert.ok(text.includes('"default-elb"'));
    assert.ok(!text.includes(join(__dirname, '..')), 'it has a path of this clone');
    assert.ok(!text.includes(folder), 'it has the path of the output');
  });

  it('has fewer than 20 lines', () => {
    assert.ok(readFileSync(main, 'utf8').trim().split('\n').length <= 20);
  });
});
