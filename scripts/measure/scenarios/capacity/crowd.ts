import { middle, noFailures, ratio, speed } from '../../promises/figures.ts';
import { figure, type Limit } from '../../promises/promise.ts';
import type { Scenario } from '../../lab/session.ts';

/** The limit for the mean is from a published test with 1,000 users on a small host. */
export const crowd: Scenario = {
  workload: '1,000 users at once, 120,000 requests (--quick: 20,000), one list',
  promises: 'no failure, a mean under 324 ms (in the full run), and half of the bare server’s throughput',
  needs: 'reads',
  async run(session) {
    const { service, bare } = await session.alternate(
      await session.servers('service', 'bare'),
      session.pick(1, 2),
      {
        label: '1,000 users',
        connections: 1000,
        amount: session.pick(120_000, 10_000),
        paths: [session.listPath],
      },
    );
    const [own, base] = [service.flat(), bare.flat()];
    const total = own.reduce((sum, { requests }) => sum + requests, 0);
    const mean = middle(own, (run) => run.latency.mean);
    return [
      figure('crowd: requests', total),
      ...speed('crowd: service', own),
      ...speed('crowd: bare server', base),
      ...ratio('crowd: service / bare server', own, base, (run) => run.goodPerSecond, { atLeast: 0.5 }),
      ...ratio('crowd: mean, service / bare server', own, base, (run) => run.latency.mean, {
        better: 'lower',
      }),
      // CI runs --quick on machines with other load, so there is no target in milliseconds.
      figure('crowd: mean', mean, 'ms', session.pick<Limit>({ atMost: 324 }, { better: 'lower' })),
      noFailures('crowd: failed requests', own),
    ];
  },
};
