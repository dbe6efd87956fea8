import type { Histogram } from './histogram.ts';

/** The formats that `GET /metrics` returns: the Prometheus text format 0.0.4, or OpenMetrics 1.0.0. */
export type ExpositionFormat = 'prometheus' | 'openmetrics';

export type Labels = Readonly<Record<string, string | number>>;

/** A metric and its series. Label values must come from small, fixed sets. */
export interface Metric {
  /** The name without the suffix `_total` or `_info`, which the type adds. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'info';
  /** One sentence without a line break. */
  readonly help: string;
  readonly series: readonly (readonly [labels: Labels, value: number | Histogram])[];
}

/**
 * The suffixes are defined in https://prometheus.io/docs/instrumenting/exposition_formats/ and
 * https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
const suffixes = { counter: '_total', info: '_info', gauge: '', histogram: '' } as const;

/** Returns the metrics in this format. Omits metrics that have no series. */
export function writeMetrics(metrics: readonly Metric[], format: ExpositionFormat): string {
  const lines: string[] = [];
  for (const { name, type, help, series } of metrics) {
    if (series.length === 0) continue;
    const sample = name + suffixes[type];
    // The Prometheus format has no info type, and includes the suffix in the name of a counter.
    const [family, kind] =
      format === 'openmetrics' ? [name, type] : [sample, type === 'info' ? 'gauge' : type];
    lines.push(`# HELP ${family} ${help}`, `# TYPE ${family} ${kind}`);
    for (const [labels, value] of series) {
      const written = Object.entries(labels).map(([label, text]) => `${label}="${escape(String(text))}"`);
      if (typeof value === 'number') lines.push(`${sample}${inBraces(written)} ${value}`);
      else lines.push(...linesOf(value, name, written, format));
    }
  }
  if (format === 'openmetrics') lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}

function linesOf(
  { bounds, counts, sum }: Histogram,
  name: string,
  labels: readonly string[],
  format: ExpositionFormat,
): string[] {
  let count = 0;
  const buckets = counts.map((inBucket, index) => {
    count += inBucket;
    return `${name}_bucket${inBraces([...labels, `le="${bound(bounds[index], format)}"`])} ${count}`;
  });
  return [...buckets, `${name}_sum${inBraces(labels)} ${sum}`, `${name}_count${inBraces(labels)} ${count}`];
}

/** OpenMetrics requires a decimal point in whole numbers. */
function bound(value: number | undefined, format: ExpositionFormat): string {
  if (value === undefined) return '+Inf';
  return format === 'openmetrics' && Number.isInteger(value) ? value.toFixed(1) : String(value);
}

function inBraces(labels: readonly string[]): string {
  return labels.length === 0 ? '' : `{${labels.join(',')}}`;
}

function escape(text: string): string {
  return text
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`);
}
