import { createHash } from 'node:crypto';
import type { MachineList } from '../load-balancers/inventory.ts';
import type { MachineInfo } from '../load-balancers/machine.ts';
import type { AppContext } from './context.ts';
import { presentMachines } from './presenters.ts';

/** A list as it goes out. */
export interface ListAnswer {
  readonly body: Buffer;
  readonly etag: string;
  /** All headers of a 200, as pairs in a row, for `ServerResponse.writeHead`. */
  readonly headers: readonly string[];
}

/** The bytes stay the same as long as the array does; the headers, as long as the second of its age does. */
interface Rendered {
  readonly body: Buffer;
  readonly etag: string;
  answer?: ListAnswer & {
    readonly of: MachineList['asOf'];
    readonly how: MachineList['how'];
    readonly second: number;
  };
}

const rendered = new WeakMap<readonly MachineInfo[], Rendered>();

/** RFC 9211: whether the answer was known, and if not, why AWS was asked. */
const cacheStatus: Readonly<Record<MachineList['how'], string>> = {
  hit: 'hit',
  stale: 'hit; detail=aws-fails',
  'asked-unknown': 'fwd=uri-miss',
  'asked-expired': 'fwd=stale',
  'asked-on-request': 'fwd=request',
};

/** Returns the answer that tells the list and how old it is; made once a second and list, however often it is asked for. */
export function listAnswer(list: MachineList): ListAnswer {
  const now = performance.now();
  let bytes = rendered.get(list.machines);
  if (bytes === undefined) {
    const body = Buffer.from(JSON.stringify(presentMachines(list.machines)));
    bytes = { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
    rendered.set(list.machines, bytes);
  }
  const age = Math.floor((now - list.asOf) / 1000);
  const { answer } = bytes;
  if (answer?.of === list.asOf && answer.how === list.how && answer.second === age) return answer;
  const ttl = Math.floor((list.freshUntil - now) / 1000);
  const headers = [
    ...['Content-Type', 'application/json; charset=utf-8'],
    ...['Content-Length', String(bytes.body.byteLength)],
    ...['ETag', bytes.etag],
    // How fresh is fresh enough is decided here, so the client's own cache asks each time, and is told 304.
    ...['Cache-Control', 'private, no-cache'],
    ...['Age', String(age)],
    ...['Cache-Status', `elb-inventory; ${cacheStatus[list.how]}; ttl=${ttl}`],
  ];
  bytes.answer = { body: bytes.body, etag: bytes.etag, headers, of: list.asOf, how: list.how, second: age };
  return bytes.answer;
}

/** Answers a GET or HEAD with the list, or with 304 where the caller has it. */
export function answerList(ctx: AppContext, list: MachineList): void {
  const { body, etag, headers } = listAnswer(list);
  const known = ctx.get('If-None-Match');
  const unchanged = known !== '' && matches(known, etag);
  for (let index = 0; index < headers.length; index += 2)
    ctx.set(headers[index] ?? '', headers[index + 1] ?? '');
  ctx.status = unchanged ? 304 : 200;
  ctx.body = unchanged ? null : body;
}

/** If-None-Match compares weakly (RFC 9110, 13.1.2). */
function matches(ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch.split(',').some((text) => ['*', etag, `W/${etag}`].includes(text.trim()));
}
