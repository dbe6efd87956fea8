import { readFileSync } from 'node:fs';
import type { Figure } from '../promises/promise.ts';
import { UsageError } from '../options.ts';
import type { Report } from './report.ts';

/** A figure in the earlier and in the later report. */
export interface Change {
  readonly name: string;
  readonly unit: string;
  readonly before: number;
  readonly now: number;
  /** True if a figure that should be high fell by more than the tolerance, and the machines are comparable. */
  readonly dropped: boolean;
}

/** Reads the report.json from an earlier run. @throws UsageError */
export function readOld(file: string, quick: boolean): Report {
  let old: Partial<Report>;
  try {
    old = JSON.parse(readFileSync(file, 'utf8')) as Partial<Report>;
  } catch (error) {
    const why = error instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw new UsageError(`${file} ${why}; --compare takes the report.json from an earlier run.`, {
      cause: error,
    });
  }
  if (old.format !== 1 || !Array.isArray(old.outcomes))
    throw new UsageError(
      `${file} is not a report from this program; --compare takes the report.json from an earlier run.`,
    );
  if (old.quick !== quick)
    throw new UsageError(
      `${file} is from a ${quick ? 'full' : '--quick'} run; ${quick ? 'remove --quick' : 'add --quick'} to compare runs of the same kind.`,
    );
  return old as Report;
}

/**
 * Returns the figures that both reports contain, in the order of the later report. If the reports are from different
 * machines, only ratios can drop.
 */
export function compare(old: Report, report: Report, tolerance: number): Change[] {
  const before = new Map(figuresOf(old).map((figure) => [figure.name, figure.value]));
  const alike = sameMachine(old, report);
  return figuresOf(report).flatMap((figure) => {
    const { name, unit, value } = figure;
    const then = before.get(name);
    if (then === undefined) return [];
    const comparable = alike || unit === '×';
    const high = figure.better === 'higher' || figure.atLeast !== undefined;
    return [
      { name, unit, before: then, now: value, dropped: comparable && high && value < then * (1 - tolerance) },
    ];
  });
}

/** Returns true if both reports are for the same machine and target. */
export function sameMachine(old: Report, report: Report): boolean {
  return old.target === report.target && JSON.stringify(old.machine) === JSON.stringify(report.machine);
}

/** Returns the change as a percentage, as text, or an empty string if the earlier value is 0. */
export function percent({ before, now }: Change): string {
  return before === 0 ? '' : `${(100 * (now / before - 1)).toFixed(1)} %`;
}

function figuresOf({ outcomes }: Report): Figure[] {
  return outcomes.flatMap(({ figures }) => figures);
}
