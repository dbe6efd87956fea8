import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

describe('dist/server.js', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'elb-inventory-entry-'));
    copyFileSync('scripts/entry.mjs', join(folder, 'server.js'));
    // Imports a name that does not exist, as the service does on an old Node.js version.
    writeFileSync(join(folder, 'service.mjs'), "import { missing } from 'node:util'; console.log(missing);");
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });
  const startWith = (version: string) => {
    const versions = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } })`;
    const argv = [
      '--import',
      `data:text/javascript,${encodeURIComponent(versions)}`,
      join(folder, 'server.js'),
    ];
    return spawnSync(process.execPath, argv, { encoding: 'utf8' });
  };

  for (const version of ['18.20.8', '16.20.2', '20.18.3'])
    it(`prints the required version on Node ${version} and exits with 1`, () => {
      const { status, stderr } = startWith(version);
      assert.equal(
        stderr,
        `elb-inventory needs Node 20.19 or newer, but this is ${version}; install a newer version of Node.\n`,
      );
      assert.equal(status, 1);
    });

  for (const version of ['20.19.0', '24.1.0'])
    it(`loads the service on Node ${version}`, () => {
      assert.match(startWith(version).stderr, /service\.mjs/);
    });
});
