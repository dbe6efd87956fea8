import { createHash } from 'node:crypto';
import type { MachineInfo } from '../load-balancers/machine.ts';
import type { MachineList } from '../load-balancers/picture.ts';
import type { AppContext } from './context.ts';
import { presentMachines } from './presenters.ts';

/** A list as it goes out. */
export interface ListAnswer {
  readonly body: string;
  readonly etag: string;
  /** All headers of a 200, as pairs in a row, for `ServerResponse.writeHead`. */
  readonly headers: readonly string[];
  /** The age of the list that the headers tell, in whole seconds. */
  readonly age: number;
}

/** RFC 9211: whether the answer was known, and if not, why AWS was asked. */
export const cacheStatus: Readonly<Record<MachineList['how'], string>> = {
  hit: 'hit',
  stale: 'hit; detail=stale',
  'asked-unknown': 'fwd=uri-miss',
  'asked-expired': 'fwd=stale',
  'asked-on-request': 'fwd=request',
};

/** Serialised once as long as the machines stay the same; answers, as long as list and age do. */
const bodies = new WeakMap<readonly MachineInfo[], Pick<ListAnswer, 'body' | 'etag'>>();
const answers = new WeakMap<MachineList, ListAnswer>();

/** Returns the answer that tells the list, and how old it is at `now` on the clock of `performance.now()`. */
export function listAnswer(list: MachineList, now: number): ListAnswer {
  const age = Math.floor((now - list.asOf) / 1000);
  let answer = answers.get(list);
  if (answer?.age === age) return answer;
  const { body, etag } = serialise(list.machines);
  const headers = [
    ...['Content-Type', 'application/json; charset=utf-8'],
    ...['Content-Length', String(Buffer.byteLength(body))],
    ...['ETag', etag],
    // How fresh is fresh enough is decided here, so the client's own cache asks each time, and is told 304.
    ...['Cache-Control', 'private, no-cache'],
    ...['Age', String(age)],
    ...[
      'Cache-Status',
      `elb-inventory; ${cacheStatus[list.how]}; ttl=${Math.floor((list.freshUntil - now) / 1000)}`,
    ],
  ];
  answer = { body, etag, headers, age };
  answers.set(list, answer);
  return answer;
}

function serialise(machines: readonly MachineInfo[]): Pick<ListAnswer, 'body' | 'etag'> {
  let serialised = bodies.get(machines);
  if (serialised === undefined) {
    const body = JSON.stringify(presentMachines(machines));
    serialised = { body, etag: etagOf(body) };
    bodies.set(machines, serialised);
  }
  return serialised;
}

/** The name of what the body tells: the same text has the same name. */
export function etagOf(body: string): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
}

/** Answers a GET or HEAD with the list, or with 304 where the caller has it. */
export function answerList(ctx: AppContext, list: MachineList): void {
  const { body, etag, headers } = listAnswer(list, performance.now());
  const known = ctx.get('If-None-Match');
  const unchanged = known !== '' && matches(known, etag);
  for (let index = 0; index < headers.length; index += 2)
    ctx.set(headers[index] ?? '', headers[index + 1] ?? '');
  ctx.status = unchanged ? 304 : 200;
  ctx.body = unchanged ? null : body;
}

/** If-None-Match compares weakly (RFC 9110, 13.1.2). */
export function matches(ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch.split(',').some((text) => ['*', etag, `W/${etag}`].includes(text.trim()));
}
