import { Recorder, type Run } from '../measure/load/recorder.ts';
import type { Report } from '../measure/report/report.ts';
import type { Figure } from '../measure/promises/promise.ts';

/** Returns a report in which the scenario `seed` has these figures. */
export function reportOf(figures: readonly Figure[], more: Partial<Report> = {}): Report {
  return {
    format: 1,
    startedAt: '2026-01-02T03:04:05.000Z',
    seconds: 12,
    quick: false,
    target: 'a target <b>',
    machine: { cpu: 'a processor', cores: 2, memoryGb: 8, system: 'linux' },
    versions: { node: 'v20' },
    commit: 'abc',
    outcomes: [{ name: 'seed', workload: 'something', promises: 'something', state: 'done', figures }],
    runs: [],
    ...more,
  };
}

/** Returns a run with one 200 and one 503 response, each after `ms` milliseconds. */
function runOf(scenario: string, server: Run['server'], connections: number, ms: number): Run {
  const recorder = new Recorder();
  recorder.answer(200, ms);
  recorder.answer(503, ms);
  recorder.sample(connections);
  const run = recorder.finish({ scenario, label: `${connections} connections`, server, connections }, false);
  return {
    ...run,
    seconds: 2,
    goodPerSecond: 100,
    requestsPerSecond: 100,
    aws: { calls: 2, callsPerSecond: 1, throttled: 0 },
  };
}

/** Returns a report that contains every plot. */
export function fullReport(): Report {
  const runs = [1, 10, 100].flatMap((n) => [
    runOf('steps', 'service', n, n),
    runOf('steps', 'bare', n, n / 2),
  ]);
  return reportOf([{ name: 'seed: kept', value: 2, unit: '×', atLeast: 1 }], {
    runs: [...runs, runOf('ramp', 'service', 100, 3), runOf('seed', 'naive', 12, 900)],
  });
}
