/** The target for a figure. */
export interface Limit {
  readonly atLeast?: number;
  readonly atMost?: number;
  /** The direction in which a figure without a limit is better, if there is one. */
  readonly better?: 'higher' | 'lower';
}

/** A measured value. If it has a limit, the limit is a target. */
export interface Figure extends Limit {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

export function figure(name: string, value: number, unit = '', limit: Limit = {}): Figure {
  return { name, value, unit, ...limit };
}

/** Returns true if the figure is within its limit. */
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

/** Returns one line for each target that was missed. */
export function missed(figures: readonly Figure[]): string[] {
  return figures.filter((figure) => !isKept(figure)).map((figure) => `MISSED: ${describe(figure)}`);
}

/** Returns the limit in words, or an empty string without a limit. */
export function limitOf({ atLeast, atMost }: Figure): string {
  return atLeast !== undefined ? `at least ${atLeast}` : atMost !== undefined ? `at most ${atMost}` : '';
}

/** Returns a number in English format: a whole number, or a number with two decimals if it is small. */
export function shown(value: number): string {
  return Math.abs(value) >= 100 || Number.isInteger(value)
    ? Math.round(value).toLocaleString('en')
    : value.toFixed(2);
}
