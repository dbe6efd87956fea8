import type { MachineList } from '../load-balancers/picture.ts';
import type { AppContext } from './context.ts';
import { cacheStatus, etagOf, matches } from './list-answer.ts';
import type { Envelope } from './presenters.ts';

/** Answers a GET or HEAD with what is known, its age and its ETag, or with 304 where the caller has it. */
export function answerKnown(
  ctx: AppContext,
  { asOf, freshUntil, how }: Pick<MachineList, 'asOf' | 'freshUntil' | 'how'>,
  message: Envelope<unknown>,
): void {
  const now = performance.now();
  const body = JSON.stringify(message);
  const etag = etagOf(body);
  const known = ctx.get('If-None-Match');
  const unchanged = known !== '' && matches(known, etag);
  ctx.set({
    ETag: etag,
    'Cache-Control': 'private, no-cache',
    Age: String(Math.max(0, Math.floor((now - asOf) / 1000))),
    'Cache-Status': `elb-inventory; ${cacheStatus[how]}; ttl=${Math.floor((freshUntil - now) / 1000)}`,
  });
  if (!unchanged) ctx.type = 'json';
  ctx.status = unchanged ? 304 : 200;
  ctx.body = unchanged ? null : body;
}
