import { type Figure, figure } from '../../promises/promise.ts';
import { middle, noFailures, ratio, speed, time } from '../../promises/figures.ts';
import type { Run } from '../../load/recorder.ts';
import type { Scenario } from '../../lab/session.ts';

const connections = 12;

/** Repeats a published test of a similar service, which measured 10.3 req/s, a mean of 1.13 s and 1 timeout. */
export const seed: Scenario = {
  workload: '12 connections, 30 s, one list',
  promises: 'no failure, and 0.6 of the bare server’s throughput',
  needs: 'reads',
  async run(session) {
    const load = { label: '12 connections', connections, paths: [session.listPath] };
    const servers = await session.servers('service', 'bare');
    const rounds = 3;
    const { service, bare } = await session.alternate(servers, rounds, {
      ...load,
      seconds: session.pick(10, 1),
    });
    const [own, base] = [service.flat(), bare.flat()];
    const naive: Run[] = [];
    if (session.options.remote === undefined) {
      const [server] = await session.servers('naive');
      if (server === undefined) throw new Error('there is no naive service');
      // At first, AWS allows a burst; the sustained rate is measured after the burst.
      await session.measure(server, {
        ...load,
        label: 'naive, during its burst of AWS calls',
        seconds: session.pick(5, 1),
      });
      naive.push(
        ...(await session.measure(server, {
          ...load,
          label: '12 connections, after the burst',
          seconds: session.pick(30, 2),
        })),
      );
    }
    return [
      ...speed('seed: service', own),
      ...speed('seed: bare server', base),
      ...ratio('seed: service / bare server', own, base, good, { atLeast: 0.6 }),
      ...time('seed: mean latency', own, ({ latency }) => latency.mean),
      noFailures('seed: failed requests', own),
      ...(naive.length === 0 ? [] : besideNaive(own, naive)),
    ];
  },
};

function besideNaive(own: readonly Run[], naive: readonly Run[]): Figure[] {
  const times = middle(own, good) / middle(naive, good);
  const share = middle(naive, ({ failed, requests }) => (100 * failed) / requests);
  return [
    ...speed('seed: naive service, after its burst of AWS calls', naive),
    ...time('seed: mean latency, naive service', naive, ({ latency }) => latency.mean),
    figure('seed: failed share, naive service', share, '%'),
    figure('seed: service / naive service', times, '×', { better: 'higher' }),
  ];
}

function good(run: Run): number {
  return run.goodPerSecond;
}
