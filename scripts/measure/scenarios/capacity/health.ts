import { noFailures, ratio, time } from '../../promises/figures.ts';
import type { Scenario } from '../../lab/session.ts';

/** Simulates the health checks of a load balancer. A host that responds too late is taken out of service. */
export const health: Scenario = {
  workload: 'health checks, 200 per second on separate connections, while 200 connections read one list',
  promises: 'no failure, and a p99 of at most 2.5 × that of the bare server under the same load',
  needs: 'reads',
  async run(session) {
    const { service, bare } = await session.alternate(
      await session.servers('service', 'bare'),
      session.pick(4, 3),
      {
        label: 'health checks',
        connections: 10,
        rate: 200,
        seconds: session.pick(4, 2),
        paths: ['/healthcheck'],
      },
      {
        label: 'lists beside them',
        connections: 200,
        seconds: session.pick(4, 2),
        paths: [session.listPath],
      },
    );
    const [checks, bareChecks] = [service.map(([check]) => check), bare.map(([check]) => check)];
    return [
      ...time('health: p99 of the checks', checks, (run) => run.latency.p99),
      ...time('health: p99 of the checks, bare server', bareChecks, (run) => run.latency.p99),
      ...ratio('health: p99, service / bare server', checks, bareChecks, (run) => run.latency.p99, {
        atMost: 2.5,
      }),
      noFailures('health: failed checks and lists', service.flat()),
    ];
  },
};
