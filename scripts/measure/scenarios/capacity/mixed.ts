import { changeMembers } from './changes.ts';
import { noFailures, speed, time } from '../../promises/figures.ts';
import { figure } from '../../promises/promise.ts';
import type { Scenario } from '../../lab/session.ts';

const spare = 'i-04c59607128380dea';

/** Uses half of the 4 changes per second that AWS allows per account. */
export const mixed: Scenario = {
  workload: '50 connections read one list while it gains or loses an instance twice a second',
  promises:
    'no wrong response: AWS confirms each 201, and each list matches a state in AWS; less than 1 % of 503',
  needs: 'writes',
  async run(session) {
    const [server] = await session.servers('service');
    if (server === undefined) throw new Error('there is no service');
    const seconds = session.pick(60, 5);
    const instance = session.options.remote?.instance ?? spare;
    const bodies = new Set<string>();
    // A change and the two reads that check it are three requests.
    const perSecond = Math.min(2, (session.options.remote?.maxRate ?? Infinity) / 6);
    const load = {
      label: 'reads',
      connections: 50,
      seconds,
      beside: 3 * perSecond,
      paths: [session.listPath],
    };
    const [read, changed] = await Promise.allSettled([
      session.measure(server, { ...load, onBody: (body) => bodies.add(body) }),
      changeMembers(session, server, { instance, seconds, perSecond }),
    ]);
    if (changed.status === 'rejected') throw changed.reason;
    const { run, wrong, members } = changed.value;
    session.runs.push(run);
    if (read.status === 'rejected') throw read.reason;
    const reads = read.value;
    const busy = run.statuses['503'] ?? 0;
    return [
      figure('mixed: changes', run.requests),
      figure('mixed: 201 that AWS did not confirm', wrong, 'wrong', { atMost: 0 }),
      figure('mixed: lists that AWS never had', wrongLists(bodies, members, instance), 'wrong', {
        atMost: 0,
      }),
      figure('mixed: changes with 503', (100 * busy) / run.requests, '%', { atMost: 1 }),
      figure('mixed: changes with other failures', run.failed - busy, 'failed', { atMost: 0 }),
      ...time('mixed: p99 of a change', [run], ({ latency }) => latency.p99),
      ...speed('mixed: reads', reads),
      noFailures('mixed: failed reads', reads),
    ];
  },
};

/** Returns the number of distinct lists that are neither the members with the instance nor the members without it. */
function wrongLists(bodies: ReadonlySet<string>, members: readonly string[], instance: string): number {
  const others = members.filter((id) => id !== instance);
  const right = new Set([others, [...others, instance]].map((ids) => ids.toSorted().join()));
  return [...bodies].filter((body) => !right.has(idsOf(body).toSorted().join())).length;
}

function idsOf(body: string): string[] {
  const { message } = JSON.parse(body) as { message: { instanceId: string }[] | string };
  return Array.isArray(message) ? message.map(({ instanceId }) => instanceId) : [message];
}
