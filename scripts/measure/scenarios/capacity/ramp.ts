import { noFailures, time } from '../../promises/figures.ts';
import type { Stage } from '../../load/load.ts';
import type { Run } from '../../load/recorder.ts';
import type { Scenario } from '../../lab/session.ts';

const users = 1000;

/** Simulates a working day in five minutes: users arrive, stay and leave. */
export const ramp: Scenario = {
  workload: 'up to 1,000 users in 1 minute, 3 minutes steady, 1 minute down, one list',
  promises: 'no failure, and no request takes 10 s',
  needs: 'reads',
  async run(session) {
    const [up, steady] = session.pick([60, 180] as const, [2, 3] as const);
    const groups = session.pick(20, 5);
    const load = { label: 'users come, stay and go', connections: users, seconds: 2 * up + steady };
    const stages = rampStages(users, groups, up, steady);
    const runs: Run[] = [];
    for (const server of await session.servers('service'))
      runs.push(...(await session.measure(server, { ...load, stages, paths: [session.listPath] })));
    return [
      ...time('ramp: p99', runs, (run) => run.latency.p99),
      ...time('ramp: mean', runs, (run) => run.latency.mean),
      noFailures('ramp: failed requests', runs),
    ];
  },
};

/** Returns groups of users that arrive one after another during `up` seconds, and leave in reverse order. */
export function rampStages(users: number, groups: number, up: number, steady: number): Stage[] {
  return Array.from({ length: groups }, (_, n) => {
    const from = (up * n) / groups;
    return { from, to: 2 * up + steady - from, connections: users / groups };
  });
}
