import assert from 'node:assert/strict';
import { type Metric, writeMetrics } from '../../telemetry/exposition.ts';
import { Histogram } from '../../telemetry/histogram.ts';

const counted = new Histogram([0.5, 1, 2.5]);
for (const value of [0, 0.5, 0.50001, 1, 2.5, 2.6, 100]) counted.observe(value);

const metrics: Metric[] = [
  { name: 'x_build', type: 'info', help: 'Version.', series: [[{ version: '1.0.0' }, 1]] },
  {
    name: 'x_reads',
    type: 'counter',
    help: 'Reads.',
    series: [
      [{ path: 'a"b\\c\nd', status: 200 }, 3],
      [{}, 0],
    ],
  },
  { name: 'x_age_seconds', type: 'gauge', help: 'Age.', series: [[{}, 1.5]] },
  { name: 'x_absent', type: 'gauge', help: 'Absent.', series: [] },
  { name: 'x_duration_seconds', type: 'histogram', help: 'Duration.', series: [[{ action: 'a' }, counted]] },
];

describe('writeMetrics', () => {
  it("writes Prometheus's text format 0.0.4, and omits metrics without series", () => {
    assert.deepEqual(writeMetrics(metrics, 'prometheus').split('\n'), [
      '# HELP x_build_info Version.',
      '# TYPE x_build_info gauge',
      'x_build_info{version="1.0.0"} 1',
      '# HELP x_reads_total Reads.',
      '# TYPE x_reads_total counter',
      String.raw`x_reads_total{path="a\"b\\c\nd",status="200"} 3`,
      'x_reads_total 0',
      '# HELP x_age_seconds Age.',
      '# TYPE x_age_seconds gauge',
      'x_age_seconds 1.5',
      '# HELP x_duration_seconds Duration.',
      '# TYPE x_duration_seconds histogram',
      'x_duration_seconds_bucket{action="a",le="0.5"} 2',
      'x_duration_seconds_bucket{action="a",le="1"} 4',
      'x_duration_seconds_bucket{action="a",le="2.5"} 5',
      'x_duration_seconds_bucket{action="a",le="+Inf"} 7',
      `x_duration_seconds_sum{action="a"} ${counted.sum}`,
      'x_duration_seconds_count{action="a"} 7',
      '',
    ]);
  });

  it('writes OpenMetrics 1.0.0', () => {
    assert.deepEqual(
      writeMetrics(metrics, 'openmetrics')
        .split('\n')
        .filter((line) => line.startsWith('#') || /info|le=|reads/.test(line)),
      [
        '# HELP x_build Version.',
        '# TYPE x_build info',
        'x_build_info{version="1.0.0"} 1',
        '# HELP x_reads Reads.',
        '# TYPE x_reads counter',
        String.raw`x_reads_total{path="a\"b\\c\nd",status="200"} 3`,
        'x_reads_total 0',
        '# HELP x_age_seconds Age.',
        '# TYPE x_age_seconds gauge',
        '# HELP x_duration_seconds Duration.',
        '# TYPE x_duration_seconds histogram',
        'x_duration_seconds_bucket{action="a",le="0.5"} 2',
        'x_duration_seconds_bucket{action="a",le="1.0"} 4',
        'x_duration_seconds_bucket{action="a",le="2.5"} 5',
        'x_duration_seconds_bucket{action="a",le="+Inf"} 7',
        '# EOF',
      ],
    );
  });
});
