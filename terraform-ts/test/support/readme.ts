import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8');

/** Returns the cells of the table in README.md whose first column is `heading`, without the header. */
export function readmeTable(heading: string): string[][] {
  const lines = readme.slice(readme.indexOf(`\n| ${heading} |`) + 1).split('\n');
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
