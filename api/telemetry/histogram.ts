/** Counts observations in buckets. An observation requires only a few comparisons and no allocation. */
export class Histogram {
  /** The inclusive upper bounds of the buckets, in ascending order. The last bucket has no upper bound. */
  readonly bounds: readonly number[];
  /** The number of observations in each bucket (not cumulative). */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let bucket = 0;
    while (value > (this.bounds[bucket] ?? Infinity)) bucket += 1;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += value;
  }
}
