import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { start } from '../../api/test/support/process.ts';

const script = fileURLToPath(new URL('../audit.sh', import.meta.url));
const url = 'https://advisories.example/1';
const advisory = { id: 1, url, title: 'a bad header', severity: 'high', vulnerable_versions: '<1.0.1' };

describe('scripts/audit.sh', function () {
  this.timeout(60_000);
  let folder: string;
  let registry: Server;
  /** The status and the body of the registry's response about advisories. */
  let answer: [status: number, body: unknown];
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'elb-inventory-audit-'));
    const root = { name: 'x', version: '1.0.0', dependencies: { locked: '1.0.0' } };
    const packages = { '': root, 'node_modules/locked': { version: '1.0.0' } };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(root));
    const lock = { ...root, lockfileVersion: 3, requires: true, packages };
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
    registry = createServer((request, response) => {
      request.resume().on('end', () => {
        const [status, body] = request.url?.endsWith('/advisories/bulk') ? answer : [404, {}];
        response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
      });
    }).listen(0, '127.0.0.1');
    await once(registry, 'listening');
  });
  after(() => {
    registry.close();
    rmSync(folder, { recursive: true });
  });

  const audit = () => {
    const npm_config_registry = `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`;
    return start('bash', [script], { npm_config_registry, npm_config_cache: folder }, { cwd: folder })
      .finished;
  };

  it('exits with 1 and shows the report if a package has an advisory', async () => {
    answer = [200, { locked: [advisory] }];
    const { code, output } = await audit();
    assert.equal(code, 1, output);
    assert.match(output, /locked .*\n.*high\n.*a bad header - https:\/\/advisories\.example\/1/s);
  });

  it('exits with 0 and prints nothing if no package has an advisory', async () => {
    answer = [200, {}];
    const { code, output } = await audit();
    assert.deepEqual([code, output], [0, '']);
  });

  for (const status of [404, 405, 500])
    it(`exits with 3 and prints that it skipped the check if the registry returns ${status}`, async () => {
      answer = [status, {}];
      const { code, output } = await audit();
      assert.equal(code, 3, output);
      assert.match(output, /^npm audit: skipped in .*, because the registry returns no advisory data/);
    });
});
