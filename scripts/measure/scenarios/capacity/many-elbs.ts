import { listPaths } from '../../lab/embedded-aws.ts';
import { noFailures, ratio, speed } from '../../promises/figures.ts';
import { figure } from '../../promises/promise.ts';
import type { Run } from '../../load/recorder.ts';
import type { Scenario } from '../../lab/session.ts';

/** Simulates a large region. All lists come from one cache of the region. */
export const manyElbs: Scenario = {
  workload:
    '50 connections, 500 load balancers with 20 instances each (--quick: 100), with the AWS rate limits',
  promises: 'no failure, no call throttled, and 0.3 of the throughput of one list',
  needs: 'embedded',
  async run(session) {
    const elbs = session.pick(500, 100);
    const { server } = await session.lab.startWorld('--elbs', `${elbs}`, '--instances', `${elbs * 20}`);
    const paths = await listPaths(server.aws ?? '');
    const load = { connections: 50, seconds: session.pick(5, 1) };
    // In the first seconds, the service reads the details of all instances, within the budget of AWS calls.
    const filling = { label: 'first reads', ...load, rate: 2000, seconds: session.pick(6, 3), paths };
    const first = await session.measure(server, filling);
    const any = { label: `${elbs} lists in turn`, ...load, paths };
    const one = { label: 'one list', ...load, paths: paths.slice(-1) };
    const rounds = { any: [] as Run[], one: [] as Run[] };
    for (let round = 0; round < 2; round += 1) {
      rounds.any.push(...(await session.measure(server, any)));
      rounds.one.push(...(await session.measure(server, one)));
    }
    const all = [...first, ...rounds.any, ...rounds.one];
    const throttled = all.reduce((sum, run) => sum + (run.aws?.throttled ?? 0), 0);
    return [
      ...speed('many-elbs: all lists in turn', rounds.any),
      ...ratio('many-elbs: all lists / one list', rounds.any, rounds.one, (run) => run.goodPerSecond, {
        atLeast: 0.3,
      }),
      figure('many-elbs: throttled by AWS', throttled, 'calls', { atMost: 0 }),
      noFailures('many-elbs: failed requests', all),
    ];
  },
};
