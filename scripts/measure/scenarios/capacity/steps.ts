import { runsByKind } from '../../lab/lab.ts';
import { noFailures, ratio } from '../../promises/figures.ts';
import { figure } from '../../promises/promise.ts';
import { knee } from '../../promises/knee.ts';
import type { Run } from '../../load/recorder.ts';
import type { Scenario } from '../../lab/session.ts';

/** Finds the number of connections at which throughput stops growing and latency rises. */
export const steps: Scenario = {
  workload: '1, 2, 5, 10 … 1,000 connections in turn, one list',
  promises: 'no failure at any step, and half of the bare server’s best throughput',
  needs: 'reads',
  async run(session) {
    const counts = session.pick([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000], [1, 5, 20, 100, 1000]);
    const servers = await session.servers('service', 'bare');
    const runs = runsByKind<Run>();
    for (const connections of counts) {
      for (const server of servers) {
        const load = {
          label: `${connections} connections`,
          connections,
          seconds: session.pick(3, connections < 500 ? 0.5 : 1.5),
        };
        runs[server.kind].push(...(await session.measure(server, { ...load, paths: [session.listPath] })));
      }
    }
    const higher = { better: 'higher' } as const;
    const [bend, best] = [knee(runs.service), bestOf(runs.service)];
    return [
      figure('steps: best throughput of the service', best[0]?.requestsPerSecond ?? 0, 'req/s', higher),
      figure('steps: knee', bend?.connections ?? 0, 'connections'),
      figure('steps: throughput at the knee', bend?.requestsPerSecond ?? 0, 'req/s', higher),
      figure('steps: p99 at the knee', bend?.latency.p99 ?? 0, 'ms', { better: 'lower' }),
      ...ratio(
        'steps: best throughput, service / bare server',
        best,
        bestOf(runs.bare),
        (run) => run.goodPerSecond,
        { atLeast: 0.5 },
      ),
      noFailures('steps: failed requests', runs.service),
    ];
  },
};

function bestOf(runs: readonly Run[]): Run[] {
  return runs.toSorted((a, b) => b.goodPerSecond - a.goodPerSecond).slice(0, 1);
}
