import { control } from '../../lab/processes.ts';
import { middle, noFailures, time } from '../../promises/figures.ts';
import type { Run } from '../../load/recorder.ts';
import type { Scenario } from '../../lab/session.ts';

/** Somebody else has spent the account's rate: AWS refuses every call. */
export const throttledAws: Scenario = {
  asks: '500 reads a second on 50 connections while AWS throttles every call',
  promises: 'no failure, as known lists go out for a minute, and at most 15 calls of AWS a second',
  needs: 'embedded',
  async run(session) {
    const runs: Record<Run['server'], Run[]> = { service: [], bare: [], naive: [] };
    for (const server of await session.servers('service', 'naive')) {
      const aws = server.aws ?? '';
      await control(aws, 'PUT', 'faults', { faults: [{ throttle: true }] });
      try {
        const ask = { label: 'AWS throttles', connections: 50, rate: 500, seconds: session.pick(15, 2) };
        runs[server.kind].push(...(await session.measure(server, { ...ask, paths: [session.listPath] })));
      } finally {
        await control(aws, 'DELETE', 'faults').catch(() => undefined);
      }
    }
    const { service, naive } = runs;
    return [
      ...time('throttled-aws: p99', service, (run) => run.latency.p99),
      { name: 'throttled-aws: AWS calls', value: middle(service, callsOf), unit: 'a second', atMost: 15 },
      { name: 'throttled-aws: AWS calls, naive service', value: middle(naive, callsOf), unit: 'a second' },
      noFailures('throttled-aws: failed requests', service),
      {
        name: 'throttled-aws: failed share, naive service',
        value: 100 * middle(naive, ({ failed, requests }) => failed / requests),
        unit: '%',
      },
    ];
  },
};

function callsOf(run: Run): number {
  return run.aws?.callsPerSecond ?? 0;
}
