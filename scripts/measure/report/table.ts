import { describe, isKept, shown } from '../promises/promise.ts';
import type { Change } from './compare.ts';
import type { Report } from './report.ts';

/** The figures of all scenarios, one a line, for a terminal. */
export function table({ outcomes }: Report): string {
  return outcomes
    .flatMap(({ name, state, figures }) => {
      if (state === 'skipped') return [`${name}: skipped, as it is not for this target`];
      if (state === 'cut')
        return [`${name}: did not come to its end; its runs are in the report, its promises are not judged`];
      return figures.map(describe);
    })
    .join('\n');
}

/** The figures of both runs, one a line. */
export function comparison(changes: readonly Change[]): string {
  return changes
    .map(({ name, unit, before, now, dropped }) => {
      const change = before === 0 ? '' : `${(100 * (now / before - 1)).toFixed(1)} %`;
      const verdict = dropped ? 'DROPPED' : '';
      return `${name.padEnd(62)} ${shown(before).padStart(10)} → ${shown(now).padStart(10)} ${unit.padEnd(11)} ${change.padStart(9)} ${verdict}`;
    })
    .join('\n');
}

/** What did not hold, one line each. */
export function broken({ outcomes }: Report): string[] {
  return outcomes.flatMap(({ figures }) =>
    figures.filter((figure) => !isKept(figure)).map((figure) => `BROKEN: ${describe(figure)}`),
  );
}
