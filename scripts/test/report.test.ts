import assert from 'node:assert/strict';
import { page } from '../measure/report/html.ts';
import { missed as missedPromises } from '../measure/promises/promise.ts';
import { table } from '../measure/report/table.ts';
import { fullReport, reportOf } from './report-of.ts';

const missed = { name: 'seed: figure', value: 0.5, unit: '×', atLeast: 0.6 };

describe('the capacity report', () => {
  it('names the missed targets', () => {
    const report = reportOf([missed, { ...missed, name: 'seed: other', value: 0.7 }]);
    assert.match(
      missedPromises(report.outcomes.flatMap(({ figures }) => figures)).join('\n'),
      /^MISSED: seed: figure .*0\.50.*at least 0\.6 *MISSED$/,
    );
    assert.match(page(report), /1 of 2 targets met\. Missed: seed: figure\./);
  });

  it('judges no promise of an incomplete scenario', () => {
    const outcomes = [{ name: 'seed', workload: '', promises: '', state: 'cut' as const, figures: [] }];
    const report = reportOf([], { outcomes, ended: 'Stopped.' });
    assert.match(table(report), /seed: incomplete/);
    assert.match(page(report), /The run ended early: Stopped\./);
  });

  it('has one plot of each kind, with the knee marked', () => {
    const html = page(fullReport());
    assert.equal(html.match(/<svg /g)?.length, 4);
    assert.match(html, /knee: \d+ connections/);
  });

  it('has no plot of a scenario that did not run', () => {
    assert.doesNotMatch(page(reportOf([missed])), /<svg /);
  });

  it('escapes HTML in text', () => {
    assert.match(page(fullReport()), /a target &lt;b&gt;/);
  });

  it('loads nothing from the network', () => {
    const html = page(fullReport());
    const addresses = html.match(/https?:\/\/[^\s"'<)]+/g) ?? [];
    assert.deepEqual(new Set(addresses.map((address) => new URL(address).host)), new Set(['www.w3.org']));
    assert.doesNotMatch(html, /<script|<img|<iframe|@import|url\((?!#)|\ssrc=/);
    assert.deepEqual(html.match(/<link [^>]*>/g), ['<link rel="icon" href="data:,">']);
  });
});
