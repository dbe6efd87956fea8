/** A figure that was measured, and what it must be; a figure without a limit is told beside the others. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  /** Which way a figure without a limit is better, if either. */
  readonly better?: 'higher' | 'lower';
}

/** Returns whether the figure is what it must be. */
export function isKept({ value, atLeast = -Infinity, atMost = Infinity }: Figure): boolean {
  return value >= atLeast && value <= atMost;
}

/** Returns the middle of the values, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** Returns a line of a table: name, value, unit, what it must be, and whether it is. */
export function describe(figure: Figure): string {
  const { name, value, unit } = figure;
  const limit = limitOf(figure);
  const verdict = limit === '' ? '' : isKept(figure) ? 'kept' : 'MISSED';
  return `${name.padEnd(62)} ${shown(value).padStart(10)} ${unit.padEnd(9)} ${limit.padEnd(14)} ${verdict}`;
}

/** Returns what a figure must be, in words; empty without a limit. */
export function limitOf({ atLeast, atMost }: Figure): string {
  return atLeast !== undefined ? `at least ${atLeast}` : atMost !== undefined ? `at most ${atMost}` : '';
}

/** Returns a number for people: whole, or with two decimals where it is small. */
export function shown(value: number): string {
  return Math.abs(value) >= 100 || Number.isInteger(value)
    ? Math.round(value).toLocaleString('en')
    : value.toFixed(2);
}
