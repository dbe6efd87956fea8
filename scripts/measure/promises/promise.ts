/** The value that a promised figure must have. */
export interface Limit {
  readonly atLeast?: number;
  readonly atMost?: number;
  /** The better direction of a figure without a limit, if there is one. */
  readonly better?: 'higher' | 'lower';
}

/** A measured value; with a limit, it is a promise. */
export interface Figure extends Limit {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

export function figure(name: string, value: number, unit = '', limit: Limit = {}): Figure {
  return { name, value, unit, ...limit };
}

/** Returns whether the figure is within its limit. */
export function isKept({ value, atLeast = -Infinity, atMost = Infinity }: Figure): boolean {
  return value >= atLeast && value <= atMost;
}

/** Returns the middle value, or the mean of the two middle values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** Returns one line of a table: name, value, unit, limit, verdict. */
export function describe(figure: Figure): string {
  const { name, value, unit } = figure;
  const limit = limitOf(figure);
  const verdict = limit === '' ? '' : isKept(figure) ? 'kept' : 'MISSED';
  return `${name.padEnd(62)} ${shown(value).padStart(10)} ${unit.padEnd(9)} ${limit.padEnd(14)} ${verdict}`;
}

/** Returns one line for each promise that was not kept. */
export function missed(figures: readonly Figure[]): string[] {
  return figures.filter((figure) => !isKept(figure)).map((figure) => `MISSED: ${describe(figure)}`);
}

/** Returns the limit in words; empty without a limit. */
export function limitOf({ atLeast, atMost }: Figure): string {
  return atLeast !== undefined ? `at least ${atLeast}` : atMost !== undefined ? `at most ${atMost}` : '';
}

/** Returns a number in English format: whole, or with two decimals where it is small. */
export function shown(value: number): string {
  return Math.abs(value) >= 100 || Number.isInteger(value)
    ? Math.round(value).toLocaleString('en')
    : value.toFixed(2);
}
