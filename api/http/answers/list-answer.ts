import { LRUCache } from 'lru-cache';
import type { ElbName } from '../../load-balancers/instance.ts';
import type { InstanceList } from '../../load-balancers/inventory/lists.ts';
import type { AppContext } from '../context.ts';
import { answerUnlessMatched, etagOf, cacheHeaders } from './conditional-response.ts';
import { presentInstances } from './presenters/instance.ts';

/** A serialized list of members. */
export interface ListAnswer {
  readonly body: string;
  readonly etag: string;
  /** The headers of a 200 response, as alternating names and values for `ServerResponse.writeHead`. */
  readonly headers: readonly string[];
}

interface CachedAnswer extends ListAnswer, Pick<InstanceList, 'revision' | 'asOf' | 'how'> {
  /** The value of the Age header, in seconds. */
  readonly age: number;
}

/** The maximum number of cached lists. An AWS account has at most a few hundred load balancers in a region. */
const maxCached = 5000;

/**
 * Caches the latest list of each load balancer. Serializes each revision once, and builds the headers once per second.
 */
export class ListAnswers {
  readonly #cached = new LRUCache<ElbName, CachedAnswer>({ max: maxCached });

  /** Returns the response that contains this list at `now`, on the time scale of `Clock.now()`. */
  of(elbName: ElbName, list: InstanceList, now: number): ListAnswer {
    const { revision, asOf, how } = list;
    const age = Math.floor((now - asOf) / 1000);
    const kept = this.#cached.get(elbName);
    const isSame = kept?.revision === revision;
    if (isSame && kept.age === age && kept.asOf === asOf && kept.how === how) return kept;
    const { body, etag } = isSame ? kept : serialize(list);
    const headers = Object.entries({
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': String(Buffer.byteLength(body)),
      ...cacheHeaders(list, etag, now),
    }).flat();
    const answer = { body, etag, headers, age, revision, asOf, how };
    this.#cached.set(elbName, answer);
    return answer;
  }
}

function serialize({ instances }: InstanceList): Pick<ListAnswer, 'body' | 'etag'> {
  const body = JSON.stringify(presentInstances(instances));
  return { body, etag: etagOf(body) };
}

/**
 * Responds to a GET or HEAD request with the list, or with 304 if the client already has it. Throws the same errors as
 * `answerUnlessMatched`.
 */
export function answerList(ctx: AppContext, { how }: InstanceList, answer: ListAnswer): void {
  const { body, etag, headers } = answer;
  if (how === 'stale') ctx.state.cache = 'stale';
  for (let index = 0; index < headers.length; index += 2)
    ctx.set(headers[index] ?? '', headers[index + 1] ?? '');
  answerUnlessMatched(ctx, body, etag);
}
