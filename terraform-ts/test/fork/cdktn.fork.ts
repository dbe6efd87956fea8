import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { variants } from '../support/variants';

const here = join(__dirname, '../..');
type Blocks = Record<string, Record<string, Record<string, unknown>>>;

/** Installs CDK Terrain for a copy of this package, and compares the synthesized stacks. */
describe('This package on CDK Terrain (cdktn)', function () {
  this.timeout(600_000);
  const fork = mkdtempSync(join(tmpdir(), 'cdktn-'));
  before(() => {
    execFileSync(join(here, 'scripts/to-cdktn.sh'), [fork]);
    // The development packages come from this package.
    const install = [
      'install',
      '--omit=dev',
      '--no-audit',
      '--no-fund',
      '--no-package-lock',
      '--ignore-scripts',
    ];
    execFileSync('npm', install, { cwd: fork, stdio: ['ignore', 'ignore', 'inherit'] });
  });
  after(() => {
    rmSync(fork, { recursive: true });
  });

  /** Returns the JSON of every variant from the package in the folder. */
  function synthesized(folder: string): Record<string, Blocks> {
    const print =
      "const { variant } = require('./test/support/synthesized');" +
      'console.log(JSON.stringify(Object.fromEntries(process.argv.slice(1).map((name) => [name, variant(name).json]))))';
    const args = ['--require', require.resolve('tsx/cjs'), '--eval', print, '--', ...Object.keys(variants)];
    const text = execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 26 });
    return JSON.parse(text) as Record<string, Blocks>;
  }

  let ours: Record<string, Blocks>;
  let theirs: Record<string, Blocks>;
  before(() => {
    ours = synthesized(here);
    theirs = synthesized(fork);
  });

  it('imports no archived package', () => {
    const left = execFileSync(
      'grep',
      ['-rlE', `from '(@cdktf/|cdktf')`, '--include=*.ts', '--exclude-dir=node_modules', '.'],
      {
        cwd: here,
        encoding: 'utf8',
      },
    );
    assert.ok(left.includes('stack.ts'), 'the search is wrong');
    assert.throws(() =>
      execFileSync(
        'grep',
        ['-rlE', `from '(@cdktf/|cdktf')`, '--include=*.ts', '--exclude-dir=node_modules', '.'],
        { cwd: fork },
      ),
    );
  });

  for (const name of Object.keys(variants)) {
    for (const block of ['resource', 'data', 'output']) {
      it(`synthesizes the same ${block} blocks (${name})`, () => {
        const [mine, other] = [ours[name]?.[block], theirs[name]?.[block]];
        assert.ok(Object.keys(mine ?? {}).length > 0, 'there are no blocks');
        assert.deepEqual(other, mine);
      });
    }
  }

  it('passes the type check', () => {
    const tsc = [require.resolve('typescript/bin/tsc'), '--typeRoots', join(here, 'node_modules/@types')];
    execFileSync(process.execPath, tsc, { cwd: fork, stdio: ['ignore', 'inherit', 'inherit'] });
  });
});
