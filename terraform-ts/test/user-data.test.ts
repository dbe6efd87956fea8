import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { maxUserDataBytes, userData, type UserDataProps } from '../boot/user-data';
import { variant } from './support/synthesized';
import { variants } from './support/variants';

const props: UserDataProps = {
  region: 'us-east-1',
  serviceName: 'elb-inventory',
  source: { repository: 'https://git.example.com/x.git', ref: 'v1.0.0' },
  tokenParameter: '/elb-inventory/api-token',
  metricsTokenParameter: undefined,
  environment: {},
  logGroupName: '/elb-inventory/api',
  metricNamespace: 'elb-inventory',
  sendMetrics: false,
  ready: { elbName: 'default-elb' },
};

describe('The user data', () => {
  it('is refused above the 16 KiB limit of EC2', () => {
    const source = { ...props.source, ref: 'x'.repeat(maxUserDataBytes) };
    assert.throws(() => userData({ ...props, source }), /bytes; EC2 allows 16384/);
  });

  it('quotes values for the shell', () => {
    const ref = `it's $HOME \`id\` \${x} "q" \\`;
    const assignment = userData({ ...props, source: { ...props.source, ref } }).match(
      /^readonly GIT_REF=.*$/m,
    )?.[0];
    const printed = execFileSync('bash', ['-c', `${assignment ?? ''}; printf %s "$GIT_REF"`], {
      encoding: 'utf8',
    });
    assert.equal(printed, ref);
  });

  for (const name of Object.keys(variants)) {
    it(`passes shellcheck (${name})`, function () {
      const { error, stdout } = spawnSync('shellcheck', ['--enable=check-unassigned-uppercase', '-'], {
        input: variant(name).userData,
        encoding: 'utf8',
      });
      if (error) this.skip();
      assert.equal(stdout, '');
    });
  }

  it('and the other scripts of this package pass shellcheck', function () {
    const scripts = [
      'scripts/to-cdktn.sh',
      'test/boot/in-container.sh',
      'test/boot/stand-in.sh',
      'test/boot/builder-stand-in.sh',
    ];
    const { error, stdout } = spawnSync('shellcheck', scripts, {
      cwd: join(__dirname, '..'),
      encoding: 'utf8',
    });
    if (error) this.skip();
    assert.equal(stdout, '');
  });

  it('has the settings of the service', () => {
    assert.match(
      variant('default').userData,
      /^readonly ENVIRONMENT='PROTECT_LAST_IN_SERVICE=default-elb'$/m,
    );
    assert.match(
      variant('everything').userData,
      /^readonly ENVIRONMENT='OTEL_EXPORTER_OTLP_ENDPOINT=http:\/\/127\.0\.0\.1:4318\nOTEL_SERVICE_NAME=inventory-prod\nOTEL_TRACES_SAMPLER_ARG=0\.05\nPROTECT_LAST_IN_SERVICE=shop-elb,prod-elb\nLOG_LEVEL=debug\nREDIRECT_HTTP=on'$/m,
    );
  });

  for (const protocol of ['0', '2'])
    it(`checks out a commit on no branch, from a server with protocol ${protocol}`, () => {
      const folder = mkdtempSync(join(tmpdir(), 'user-data-'));
      const git = (...args: string[]): string =>
        execFileSync('git', ['-C', folder, '-c', 'user.name=x', '-c', 'user.email=x@localhost', ...args], {
          encoding: 'utf8',
          stdio: 'pipe',
        }).trim();
      git('init', '-q', '-b', 'main');
      const [, ref] = ['main', 'a change', 'a newer change'].map((message) => {
        git('commit', '-q', '--allow-empty', '-m', message);
        return git('rev-parse', 'HEAD');
      });
      git('update-ref', 'refs/pull/1/head', 'main');
      git('reset', '-q', '--hard', 'HEAD~2');
      const clone = /^clone\(\) \{.*?^\}$/ms.exec(userData(props))?.[0] ?? '';
      const variables = `CLONE=${folder}/clone REPOSITORY=file://${folder} GIT_REF=${ref ?? ''}`;
      execFileSync('bash', ['-c', `set -euo pipefail; ${variables}; ${clone}; clone`], {
        env: {
          ...process.env,
          GIT_CONFIG_COUNT: '1',
          GIT_CONFIG_KEY_0: 'protocol.version',
          GIT_CONFIG_VALUE_0: protocol,
        },
        stdio: 'pipe',
      });
      assert.equal(git('-C', 'clone', 'rev-parse', 'HEAD'), ref);
      rmSync(folder, { recursive: true });
    });

  it('does not trace, and unsets the token', () => {
    const script = userData(props);
    assert.match(script, /^set \+x$/m);
    assert.doesNotMatch(script, /set -[a-z]*x|echo .*token|say .*\$token/);
    assert.match(script, /^unset token secrets$/m);
  });
});
