import type { Run } from '../load/recorder.ts';
import { type Figure, figure, type Limit, median } from './promise.ts';

type Value = (run: Run) => number;

/** Returns the median of a value over all rounds. */
export function middle(runs: readonly (Run | undefined)[], value: Value): number {
  return median(runs.filter((run) => run !== undefined).map(value));
}

/**
 * Returns the value for the service divided by the value for the baseline, as the median of the ratios in all rounds.
 * The two runs in a round are adjacent, so that a slow phase of the machine affects both. Returns no figure if no
 * baseline ran.
 */
export function ratio(
  name: string,
  service: readonly (Run | undefined)[],
  baseline: readonly (Run | undefined)[],
  value: Value,
  limit: Limit,
): Figure[] {
  const ratios = service.flatMap((run, n) => {
    const base = baseline[n];
    return run === undefined || base === undefined ? [] : [value(run) / value(base)];
  });
  return ratios.length === 0 ? [] : [figure(name, median(ratios), '×', limit)];
}

/** Returns the number of failed requests, with a limit of 0. */
export function noFailures(name: string, runs: readonly (Run | undefined)[]): Figure {
  const failed = runs.reduce((sum, run) => sum + (run?.failed ?? 0), 0);
  return figure(name, failed, 'failed', { atMost: 0 });
}

/** Returns the requests per second, without a limit. */
export function speed(name: string, runs: readonly (Run | undefined)[]): Figure[] {
  if (runs.length === 0) return [];
  return [
    figure(
      name,
      middle(runs, (run) => run.goodPerSecond),
      'req/s',
      { better: 'higher' },
    ),
  ];
}

/** Returns a time in milliseconds, without a limit. */
export function time(name: string, runs: readonly (Run | undefined)[], value: Value): Figure[] {
  return runs.length === 0 ? [] : [figure(name, middle(runs, value), 'ms', { better: 'lower' })];
}
