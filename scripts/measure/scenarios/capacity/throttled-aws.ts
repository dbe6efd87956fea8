import { control } from '../../lab/embedded-aws.ts';
import { middle, noFailures, time } from '../../promises/figures.ts';
import type { Run } from '../../load/recorder.ts';
import { runsByKind } from '../../lab/lab.ts';
import { figure } from '../../promises/promise.ts';
import type { Scenario } from '../../lab/session.ts';

/** AWS throttles every call, as if other clients used the whole rate of the account. */
export const throttledAws: Scenario = {
  workload: '500 reads per second on 50 connections while AWS throttles every call',
  promises: 'no failure, because cached lists are served for a minute, and at most 15 AWS calls per second',
  needs: 'embedded',
  async run(session) {
    const runs = runsByKind<Run>();
    for (const server of await session.servers('service', 'naive')) {
      const aws = server.aws ?? '';
      await control(aws, 'PUT', 'faults', { faults: [{ throttle: true }] });
      try {
        const load = { label: 'AWS throttles', connections: 50, rate: 500, seconds: session.pick(15, 2) };
        runs[server.kind].push(...(await session.measure(server, { ...load, paths: [session.listPath] })));
      } finally {
        await control(aws, 'DELETE', 'faults').catch(() => undefined);
      }
    }
    const { service, naive } = runs;
    const failed = middle(naive, ({ failed, requests }) => failed / requests);
    return [
      ...time('throttled-aws: p99', service, (run) => run.latency.p99),
      figure('throttled-aws: AWS calls', middle(service, callsOf), 'per second', { atMost: 15 }),
      figure('throttled-aws: AWS calls, naive service', middle(naive, callsOf), 'per second'),
      noFailures('throttled-aws: failed requests', service),
      figure('throttled-aws: failed share, naive service', 100 * failed, '%'),
    ];
  },
};

function callsOf(run: Run): number {
  return run.aws?.callsPerSecond ?? 0;
}
