import { figure, median } from '../../promises/promise.ts';
import { noFailures } from '../../promises/figures.ts';
import type { Scenario } from '../../lab/session.ts';
import type { Run } from '../../load/recorder.ts';

const readers = 50;

/** A process that has just started, for example after a deployment, has an empty cache. */
export const cold: Scenario = {
  workload: '50 simultaneous readers of a process that has just started, several times',
  promises: 'no failure, and at most 4 AWS calls for all of them',
  needs: 'embedded',
  async run(session) {
    const { server: first, restart } = await session.lab.startWorld();
    const runs: Run[] = [];
    let server = first;
    for (let time = 0; time < session.pick(8, 3); time += 1) {
      if (time > 0) server = await restart();
      runs.push(
        ...(await session.measure(server, {
          label: `${readers} readers of a cold process`,
          connections: readers,
          amount: readers,
          paths: [session.listPath],
        })),
      );
    }
    const slowest = median(runs.map((run) => run.latency.max));
    const calls = Math.max(...runs.map((run) => run.aws?.calls ?? Infinity));
    return [
      figure('cold: slowest first response', slowest, 'ms', { better: 'lower' }),
      figure('cold: AWS calls of the first readers', calls, 'calls', { atMost: 4 }),
      noFailures('cold: failed requests', runs),
    ];
  },
};
