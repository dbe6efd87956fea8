import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleService } from '../../scripts/bundle.mjs';
import { readBuildInfo } from '../build-info.ts';

describe('readBuildInfo', () => {
  const { COMMIT } = process.env;
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'build-info-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
    if (COMMIT === undefined) delete process.env['COMMIT'];
    else process.env['COMMIT'] = COMMIT;
  });

  it('reads package.json and git when it runs from the sources', async () => {
    const { version, commit } = await readBuildInfo();
    assert.equal(version, (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version);
    assert.equal(commit, execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim());
  });

  it('is defined in a bundle, with the value of COMMIT', async () => {
    process.env['COMMIT'] = 'c0ffee5e1c7c1e';
    const outfile = join(folder, 'server.js');
    await bundleService(outfile);
    assert.match(readFileSync(outfile, 'utf8'), /commit: "c0ffee5e1c7c1e"/);
  });
});
