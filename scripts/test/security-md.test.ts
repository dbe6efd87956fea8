import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(root + path, 'utf8');

describe('SECURITY.md', () => {
  const [, table = ''] = /\n\| threat [^\n]*\n\|[-|]*\n((?:\|.*\n)+)/.exec(read('SECURITY.md')) ?? [];
  const rows = table.trimEnd().split('\n');

  it('has a threat, a protection, and a test of this repository in each row', () => {
    assert.ok(rows.length > 30, `${rows.length} rows`);
    for (const row of rows) {
      const [, threat, holds, file = '', title = ''] =
        /^\| ([^|]+?) +\| ([^|]+?) +\| `([^`]+)`: `([^|]+)` +\|$/.exec(row) ?? [];
      assert.ok(threat !== undefined && holds !== undefined, row);
      assert.ok(existsSync(root + file), `${file} does not exist: ${row}`);
      // A title as it is in the source, in quotes.
      const titles = [`'${title}'`, `"${title}"`, `\`${title}\``];
      const text = read(file);
      assert.ok(
        titles.some((quoted) => text.includes(quoted)),
        `${file} has no test with the title ${title}`,
      );
    }
  });

  it('names each threat once', () => {
    const threats = rows.map((row) => row.split(' |')[0]);
    assert.deepEqual(threats, [...new Set(threats)]);
  });
});
