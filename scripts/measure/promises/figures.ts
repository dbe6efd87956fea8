import { type Figure, median } from './promise.ts';
import type { Run } from '../load/recorder.ts';

type Value = (run: Run) => number;

/** The middle of a figure over the rounds. */
export function middle(runs: readonly (Run | undefined)[], value: Value): number {
  return median(runs.filter((run) => run !== undefined).map(value));
}

/**
 * A figure of the service over that of a baseline: the middle of the ratios of the rounds, each of two runs next to one
 * another, as a slow spell of the machine meets both. Nothing where no baseline ran.
 */
export function ratio(
  name: string,
  service: readonly (Run | undefined)[],
  baseline: readonly (Run | undefined)[],
  value: Value,
  limit: Pick<Figure, 'atLeast' | 'atMost' | 'better'>,
): Figure[] {
  const ratios = service.flatMap((run, n) => {
    const base = baseline[n];
    return run === undefined || base === undefined ? [] : [value(run) / value(base)];
  });
  return ratios.length === 0 ? [] : [{ name, value: median(ratios), unit: '×', ...limit }];
}

/** How many requests failed, of which none may. */
export function noFailures(name: string, runs: readonly (Run | undefined)[], atMost = 0): Figure {
  const failed = runs.reduce((sum, run) => sum + (run?.failed ?? 0), 0);
  return { name, value: failed, unit: 'failed', atMost };
}

/** Requests a second, that are told and compared, and promised by nobody. */
export function speed(name: string, runs: readonly (Run | undefined)[]): Figure[] {
  if (runs.length === 0) return [];
  return [{ name, value: middle(runs, (run) => run.goodPerSecond), unit: 'req/s', better: 'higher' }];
}

/** Milliseconds, that are told and compared. */
export function time(name: string, runs: readonly (Run | undefined)[], value: Value): Figure[] {
  if (runs.length === 0) return [];
  return [{ name, value: middle(runs, value), unit: 'ms', better: 'lower' }];
}
