import { noFailures, ratio, speed } from '../../promises/figures.ts';
import type { Scenario } from '../../lab/session.ts';

/** A large region: each list is another answer, and all of them come from one picture of the region. */
export const manyElbs: Scenario = {
  asks: '50 connections over 500 load balancers of 20 instances (--quick: 100), AWS’s rate limits on',
  promises: 'no failure, no call throttled, and 0.3 of the throughput of one list',
  needs: 'embedded',
  async run(session) {
    const elbs = session.pick(500, 100);
    const { server } = await session.lab.startWorld('--elbs', `${elbs}`, '--instances', `${elbs * 20}`);
    const response = await fetch(`${server.aws ?? ''}/_control/load-balancers`);
    const { loadBalancers } = (await response.json()) as { loadBalancers: { name: string }[] };
    const paths = loadBalancers.map(({ name }) => `/elb/${name}`);
    const ask = { connections: 50, seconds: session.pick(5, 1) };
    // Types and launch dates of all instances are read in the first seconds, within the budget of AWS calls.
    const filling = { label: 'first reads', ...ask, rate: 2000, seconds: session.pick(6, 3), paths };
    const first = await session.measure(server, filling);
    const any = { label: `${elbs} lists in turn`, ...ask, paths };
    const one = { label: 'one list', ...ask, paths: paths.slice(-1) };
    const rounds = { any: first.slice(0, 0), one: first.slice(0, 0) };
    for (let round = 0; round < 2; round += 1) {
      rounds.any.push(...(await session.measure(server, any)));
      rounds.one.push(...(await session.measure(server, one)));
    }
    const all = [...first, ...rounds.any, ...rounds.one];
    return [
      ...speed('many-elbs: all lists in turn', rounds.any),
      ...ratio('many-elbs: all lists / one list', rounds.any, rounds.one, (run) => run.goodPerSecond, {
        atLeast: 0.3,
      }),
      {
        name: 'many-elbs: throttled by AWS',
        value: all.reduce((sum, run) => sum + (run.aws?.throttled ?? 0), 0),
        unit: 'calls',
        atMost: 0,
      },
      noFailures('many-elbs: failed requests', all),
    ];
  },
};
