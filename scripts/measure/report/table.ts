import { describe, shown } from '../promises/promise.ts';
import { type Change, percent } from './compare.ts';
import type { Report } from './report.ts';

/** Returns the figures of all scenarios for a terminal, one per line. */
export function table({ outcomes }: Report): string {
  return outcomes
    .flatMap(({ name, state, figures }) => {
      if (state === 'skipped') return [`${name}: skipped, because it does not apply to this target`];
      if (state === 'cut') return [`${name}: incomplete; the report contains its runs, but not its targets`];
      return figures.map(describe);
    })
    .join('\n');
}

/** Returns the figures of both runs, one per line. */
export function comparison(changes: readonly Change[]): string {
  return changes
    .map((change) => {
      const { name, unit, before, now, dropped } = change;
      const verdict = dropped ? 'DROPPED' : '';
      return `${name.padEnd(62)} ${shown(before).padStart(10)} → ${shown(now).padStart(10)} ${unit.padEnd(11)} ${percent(change).padStart(9)} ${verdict}`;
    })
    .join('\n');
}
