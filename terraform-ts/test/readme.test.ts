import assert from 'node:assert/strict';
import { settings, type Setting } from '../config/settings';
import { readmeTable } from './support/readme';
import { synthesize, variant, type Block } from './support/synthesized';

/** Returns the metric and the threshold of an alarm in the form that the table uses. */
function described(alarm: Block): [metric: string, threshold: string] {
  const [query] = (alarm['metric_query'] ?? []) as Block[];
  const metric = query
    ? String(query['label'])
    : `${String(alarm['metric_name'])}, ${String(alarm['extended_statistic'] ?? alarm['statistic'])}`;
  const sign = { GreaterThanThreshold: '>', LessThanThreshold: '<' }[String(alarm['comparison_operator'])];
  assert.ok(sign, String(alarm['comparison_operator']));
  const metrics = ((alarm['metric_query'] ?? []) as Block[]).map(
    (each) => each['metric'] as Block | undefined,
  );
  const minutes = Number(alarm['period'] ?? metrics[1]?.['period']) / 60;
  const [count, of] = [Number(alarm['datapoints_to_alarm']), Number(alarm['evaluation_periods'])];
  const spell = minutes === 1 ? `${of} min` : `${of} × ${minutes} min`;
  const time = count === of ? spell : `${count} of ${spell}`;
  const missing = alarm['treat_missing_data'] === 'breaching' ? ', or no data' : '';
  return [metric, `${sign} ${String(alarm['threshold'])} for ${time}${missing}`];
}

describe('README.md', () => {
  it('lists every setting with its default and meaning', () => {
    const expected = Object.entries<Setting>(settings).map(([name, { value, shown, meaning }]) => [
      `\`${name}\``,
      value === undefined ? String(shown) : `\`${value}\``,
      meaning,
    ]);
    assert.deepEqual(readmeTable('variable'), expected);
  });

  it('lists every alarm with its metric, threshold, reason and remedy', () => {
    const built = new Map<string, string[]>();
    for (const stack of [variant('single'), synthesize({ HEALTH_CHECK: 'on' })]) {
      for (const [path, alarm] of Object.entries(stack.all('aws_cloudwatch_metric_alarm'))) {
        const id = path.replace('monitoring/', '');
        built.set(id, [`\`${id}\``, ...described(alarm), String(alarm['alarm_description'])]);
      }
    }
    const written = readmeTable('alarm').map(([id, metric, threshold, why, remedy]) => [
      id,
      metric,
      threshold,
      `${why} ${remedy}`,
    ]);
    const byId = (a: unknown[], b: unknown[]) => String(a[0]).localeCompare(String(b[0]));
    assert.deepEqual(written.sort(byId), [...built.values()].sort(byId));
  });
});
