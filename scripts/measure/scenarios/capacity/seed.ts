import type { Figure } from '../../promises/promise.ts';
import { middle, noFailures, ratio, speed, time } from '../../promises/figures.ts';
import type { Run } from '../../load/recorder.ts';
import type { Scenario } from '../../lab/session.ts';

const connections = 12;

/** The test that first measured a service of this kind: 10.3 req/s, mean 1.13 s, 1 timeout. */
export const seed: Scenario = {
  asks: '12 connections, 30 s, one list',
  promises: 'no failure, and 0.6 of the bare server; the naive service stands beside it',
  needs: 'reads',
  async run(session) {
    const ask = { label: '12 connections', connections, paths: [session.listPath] };
    const servers = await session.servers('service', 'bare');
    const rounds = 3;
    const { service, bare } = await session.alternate(servers, rounds, {
      ...ask,
      seconds: session.pick(10, 2),
    });
    const [own, base] = [service.flat(), bare.flat()];
    const naive: Run[] = [];
    if (session.options.remote === undefined) {
      const [server] = await session.servers('naive');
      if (server === undefined) throw new Error('there is no naive service');
      // AWS lets an account burst at first; what it lets through after that is what lasts.
      await session.measure(server, {
        ...ask,
        label: 'naive, while the burst of AWS tokens lasts',
        seconds: session.pick(5, 2),
      });
      naive.push(
        ...(await session.measure(server, {
          ...ask,
          label: '12 connections, burst spent',
          seconds: session.pick(30, 3),
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
    ...speed('seed: naive service, its burst of AWS tokens spent', naive),
    ...time('seed: mean latency, naive service', naive, ({ latency }) => latency.mean),
    { name: 'seed: failed share, naive service', value: share, unit: '%' },
    { name: 'seed: service / naive service', value: times, unit: '×', better: 'higher' },
  ];
}

function good(run: Run): number {
  return run.goodPerSecond;
}
