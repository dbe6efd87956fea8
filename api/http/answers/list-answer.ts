import type { ElbName } from '../../load-balancers/instance.ts';
import type { InstanceList } from '../../load-balancers/inventory/region-cache.ts';
import type { AppContext } from '../context.ts';
import { answerUnlessMatched, etagOf, cacheHeaders } from './conditional-response.ts';
import { presentInstances } from './presenters/instance.ts';

/** A list as it goes out. */
export interface ListAnswer {
  readonly body: string;
  readonly etag: string;
  /** All headers of a 200, as pairs in a row, for `ServerResponse.writeHead`. */
  readonly headers: readonly string[];
}

/** What an answer was made of. */
interface Kept extends ListAnswer, Pick<InstanceList, 'revision' | 'asOf' | 'how'> {
  /** The age of the list in the headers, in whole seconds. */
  readonly age: number;
}

/** Load balancers whose answers are kept; an AWS account has at most some hundreds a region. */
const maxKept = 5000;

/** The latest answer for each load balancer: serialised once a revision, its headers made once a second. */
export class ListAnswers {
  readonly #kept = new Map<ElbName, Kept>();

  /** Returns the answer with the list of this load balancer, and its age at `now` on the scale of `Clock.now()`. */
  of(elbName: ElbName, list: InstanceList, now: number): ListAnswer {
    const { revision, asOf, how } = list;
    const age = Math.floor((now - asOf) / 1000);
    const kept = this.#kept.get(elbName);
    const isSame = kept?.revision === revision;
    if (isSame && kept.age === age && kept.asOf === asOf && kept.how === how) return kept;
    const { body, etag } = isSame ? kept : serialise(list);
    const headers = Object.entries({
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': String(Buffer.byteLength(body)),
      ...cacheHeaders(list, etag, now),
    }).flat();
    const answer = { body, etag, headers, age, revision, asOf, how };
    if (kept === undefined && this.#kept.size >= maxKept) this.#kept.clear();
    this.#kept.set(elbName, answer);
    return answer;
  }
}

function serialise({ instances }: InstanceList): Pick<ListAnswer, 'body' | 'etag'> {
  const body = JSON.stringify(presentInstances(instances));
  return { body, etag: etagOf(body) };
}

/** Answers a GET or HEAD with the list, or with 304 where the caller has it. */
export function answerList(ctx: AppContext, { how }: InstanceList, answer: ListAnswer): void {
  const { body, etag, headers } = answer;
  if (how === 'stale') ctx.state.cache = 'stale';
  for (let index = 0; index < headers.length; index += 2)
    ctx.set(headers[index] ?? '', headers[index + 1] ?? '');
  answerUnlessMatched(ctx, body, etag);
}
