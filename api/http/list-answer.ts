import type { MachineInfo } from '../load-balancers/machine.ts';
import type { MachineList } from '../load-balancers/picture.ts';
import type { AppContext } from './context.ts';
import { answerUnlessKnown, etagOf, knownHeaders } from './known-answer.ts';
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

/** Serialised once as long as the machines stay the same; answers, as long as list and age do. */
const bodies = new WeakMap<readonly MachineInfo[], Pick<ListAnswer, 'body' | 'etag'>>();
const answers = new WeakMap<MachineList, ListAnswer>();

/** Returns the answer that tells the list, and how old it is at `now` on the scale of `Clock.now()`. */
export function listAnswer(list: MachineList, now: number): ListAnswer {
  const age = Math.floor((now - list.asOf) / 1000);
  let answer = answers.get(list);
  if (answer?.age === age) return answer;
  const { body, etag } = serialise(list.machines);
  const headers = Object.entries({
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    ...knownHeaders(list, etag, now),
  }).flat();
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

/** Answers a GET or HEAD at `now` with the list, or with 304 where the caller has it. */
export function answerList(ctx: AppContext, list: MachineList, now: number): void {
  const { body, etag, headers } = listAnswer(list, now);
  if (list.how === 'stale') ctx.state.cache = 'stale';
  for (let index = 0; index < headers.length; index += 2)
    ctx.set(headers[index] ?? '', headers[index + 1] ?? '');
  answerUnlessKnown(ctx, body, etag);
}
