import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratch, tool } from './tools';

const root = join(__dirname, '../../..');
const examples = join(root, 'docs/examples/github');
const digest = 'a'.repeat(64);
const image = `123456789012.dkr.ecr.eu-west-1.amazonaws.com/elb-inventory@sha256:${digest}`;

describe('The workflows for GitHub', () => {
  const lint = (context: Mocha.Context, ...files: string[]) =>
    spawnSync(tool(context, 'actionlint'), files, { encoding: 'utf8' });

  it('pass actionlint', function () {
    const { stdout } = lint(this, join(examples, 'deploy.yml'), join(examples, 'drift.yml'));
    assert.equal(stdout, '');
  });

  it('are judged: actionlint refuses an unknown step output', function () {
    const file = join(scratch(), 'deploy.yml');
    const text = readFileSync(join(examples, 'deploy.yml'), 'utf8');
    writeFileSync(file, text.replace('steps.build.outputs', 'steps.built.outputs'));
    assert.match(lint(this, file).stdout, /property "built" is not defined/);
  });
});

/** Runs the script with an emulated AWS CLI. */
describe('run-on-hosts.sh', () => {
  const folder = scratch();
  const calls = join(folder, 'calls');

  /** Runs the script; `status` is what AWS returns for the command: its state, its targets, and how many completed. */
  function run(status: string, IMAGE = image) {
    writeFileSync(calls, '');
    writeFileSync(
      join(folder, 'aws'),
      `#!/usr/bin/env bash
printf '%s\\0' "$@" '' >>'${calls}'
case $2 in
  send-command) echo command-1 ;;
  list-commands) if [[ -e '${folder}/polled' ]]; then echo '${status}'; else touch '${folder}/polled'; echo None; fi ;;
  *) echo 'i-1 Success done' ;;
esac
`,
      { mode: 0o755 },
    );
    const env = {
      PATH: `${folder}:${process.env['PATH'] ?? ''}`,
      SERVICE: 'inventory-prod',
      IMAGE,
      POLL_SECONDS: '0',
    };
    const {
      status: code,
      stdout,
      stderr,
    } = spawnSync(join(examples, 'run-on-hosts.sh'), { env, encoding: 'utf8' });
    return { code, text: stdout + stderr, calls: readFileSync(calls, 'utf8').split('\0\0') };
  }

  it('redeploys the hosts of the service one by one, and waits for the end', () => {
    const { code, text, calls: made } = run('Success 2 2');
    assert.equal(code, 0, text);
    const send = String(made[0]).split('\0');
    const after = (option: string) => send[send.indexOf(option) + 1];
    assert.equal(after('--targets'), 'Key=tag:Service,Values=inventory-prod');
    // The AWS limit (API reference, SendCommand).
    assert.ok(String(after('--comment')).length <= 100);
    assert.deepEqual([after('--max-concurrency'), after('--max-errors')], ['1', '0']);
    const { commands } = JSON.parse(String(after('--parameters'))) as { commands: string[] };
    assert.match(String(commands[0]), /get-login-password --region eu-west-1\)\n/);
    assert.match(
      String(commands[0]),
      new RegExp(`cd /opt/inventory-prod\\nscripts/builder\\.sh --pull ${image} --env-file /root/\\.env$`),
    );
    assert.equal(spawnSync('bash', ['-n'], { input: String(commands[0]) }).status, 0);
  });

  for (const [what, status] of [
    ['a host fails', 'Failed 2 1'],
    ['no host has the tag of the service', 'Success 0 0'],
    ['a host did not run the command', 'Success 2 1'],
  ] as const) {
    it(`fails if ${what}`, () => {
      assert.notEqual(run(status).code, 0);
    });
  }

  it('refuses an image without a digest before it calls AWS', () => {
    const { code, text, calls: made } = run('Success 2 2', image.replace(/@.*/, ':latest'));
    assert.equal(code, 2);
    assert.match(text, /not an image in ECR with its digest/);
    assert.deepEqual(made, ['']);
  });

  it('uses only options that builder.sh has', () => {
    const { stdout: help } = spawnSync(join(root, 'scripts/builder.sh'), ['--help'], { encoding: 'utf8' });
    const line =
      /builder\.sh (--.*)/.exec(readFileSync(join(examples, 'run-on-hosts.sh'), 'utf8'))?.[1] ?? '';
    for (const [option] of line.matchAll(/--[\w-]+/g)) assert.match(help, new RegExp(`^ +${option} `, 'm'));
  });
});
