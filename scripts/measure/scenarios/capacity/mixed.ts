import { changeMembers } from '../../load/changes.ts';
import { noFailures, speed, time } from '../../promises/figures.ts';
import type { Scenario } from '../../lab/session.ts';

const spare = 'i-04c59607128380dea';

/** AWS takes 4 changes a second of an account; this takes half, and leaves the rest to others. */
export const mixed: Scenario = {
  asks: '50 connections read one list while it gains or loses an instance twice a second',
  promises:
    'no wrong answer: AWS has what each 201 says, and every list read is one that was; under 1 % of 503',
  needs: 'writes',
  async run(session) {
    const [server] = await session.servers('service');
    if (server === undefined) throw new Error('there is no service');
    const seconds = session.pick(60, 5);
    const instance = session.options.remote?.instance ?? spare;
    const bodies = new Set<string>();
    // With the two reads that check it, a change is three requests.
    const perSecond = Math.min(2, (session.options.remote?.maxRate ?? Infinity) / 6);
    const ask = {
      label: 'reads',
      connections: 50,
      seconds,
      beside: 3 * perSecond,
      paths: [session.listPath],
    };
    const [read, changed] = await Promise.allSettled([
      session.measure(server, { ...ask, onBody: (body) => bodies.add(body) }),
      changeMembers(session, server, { instance, seconds, perSecond }),
    ]);
    if (changed.status === 'rejected') throw changed.reason;
    const { run, wrong, members } = changed.value;
    session.keep(run);
    if (read.status === 'rejected') throw read.reason;
    const reads = read.value;
    const busy = run.statuses['503'] ?? 0;
    return [
      { name: 'mixed: changes', value: run.requests, unit: '' },
      { name: 'mixed: 201 that AWS did not bear out', value: wrong, unit: 'wrong', atMost: 0 },
      {
        name: 'mixed: lists that never were',
        value: strangeLists(bodies, members, instance),
        unit: 'wrong',
        atMost: 0,
      },
      { name: 'mixed: changes answered with 503', value: (100 * busy) / run.requests, unit: '%', atMost: 1 },
      { name: 'mixed: changes failed otherwise', value: run.failed - busy, unit: 'failed', atMost: 0 },
      ...time('mixed: p99 of a change', [run], ({ latency }) => latency.p99),
      ...speed('mixed: reads', reads),
      noFailures('mixed: failed reads', reads),
    ];
  },
};

/** How many of the different answers show something else than the members with or without the instance. */
function strangeLists(bodies: ReadonlySet<string>, members: readonly string[], instance: string): number {
  const others = members.filter((id) => id !== instance);
  const right = new Set([others, [...others, instance]].map((ids) => ids.toSorted().join()));
  return [...bodies].filter((body) => !right.has(idsOf(body).toSorted().join())).length;
}

function idsOf(body: string): string[] {
  const { message } = JSON.parse(body) as { message: { instanceId: string }[] | string };
  return Array.isArray(message) ? message.map(({ instanceId }) => instanceId) : [message];
}
