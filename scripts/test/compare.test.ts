import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../measure/options.ts';
import { compare, readOld } from '../measure/report/compare.ts';
import { reportOf } from './report-of.ts';

const rate = (value: number) => ({ name: 'rate', value, unit: 'req/s', better: 'higher' as const });
const share = (value: number) => ({ name: 'share', value, unit: '×', atLeast: 0.6 });
const wait = (value: number) => ({ name: 'wait', value, unit: 'ms', better: 'lower' as const });
const dropped = (...args: Parameters<typeof compare>) =>
  compare(...args)
    .filter((change) => change.dropped)
    .map(({ name }) => name);

describe('npm run capacity --compare', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'capacity-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const refusals: [string, string | undefined, RegExp][] = [
    ['that does not exist', undefined, /cannot be read/],
    ['that is not JSON', 'report', /is not JSON/],
    ['of another program', '{"figures":[]}', /is not a report from this program/],
    ['of a --quick run', JSON.stringify(reportOf([], { quick: true })), /add --quick/],
  ];
  for (const [what, content, message] of refusals) {
    it(`refuses a file ${what}`, () => {
      const file = join(folder, 'old.json');
      rmSync(file, { force: true });
      if (content !== undefined) writeFileSync(file, content);
      assert.throws(
        () => readOld(file, false),
        (error) => error instanceof UsageError && message.test(error.message),
      );
    });
  }

  it('reports a drop only beyond the tolerance', () => {
    assert.deepEqual(dropped(reportOf([rate(100), share(1)]), reportOf([rate(84), share(0.84)]), 0.15), [
      'rate',
      'share',
    ]);
    assert.deepEqual(dropped(reportOf([rate(100), share(1)]), reportOf([rate(86), share(0.86)]), 0.15), []);
  });

  it('returns both values, and reports neither a gain nor a longer wait as a drop', () => {
    const changes = compare(reportOf([rate(100), wait(10)]), reportOf([rate(300), wait(90)]), 0.15);
    assert.deepEqual(changes, [
      { name: 'rate', unit: 'req/s', before: 100, now: 300, dropped: false },
      { name: 'wait', unit: 'ms', before: 10, now: 90, dropped: false },
    ]);
  });

  it('compares only ratios between two machines', () => {
    const machine = { cpu: 'another processor', cores: 64, memoryGb: 8, system: 'linux' };
    const old = reportOf([rate(100), share(1)], { machine });
    assert.deepEqual(dropped(old, reportOf([rate(10), share(0.1)]), 0.15), ['share']);
  });

  it('omits figures that only one report has', () => {
    assert.deepEqual(compare(reportOf([rate(100)]), reportOf([share(1)]), 0.15), []);
  });
});
