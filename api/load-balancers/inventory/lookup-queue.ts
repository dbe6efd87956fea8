import type { InstanceId, Members } from '../instance.ts';

/**
 * The EC2 limit for the number of values in one filter. Above this limit, EC2 returns FilterLimitExceeded
 * (outscale/cloud-provider-osc#84).
 */
const batchSize = 200;
const maxConcurrentCalls = 4;

/** Makes a call, passes the time at which it is sent to `sent`, and returns its AWS request ids. */
export type Look = (ids: Members, sent: (at: number) => void) => Promise<readonly string[]>;

/** The instances in one call. */
interface Batch {
  readonly ids: Set<InstanceId>;
  /** Undefined until the call is sent. */
  sentAt: number | undefined;
  /** The AWS request ids of the call. */
  readonly result: Promise<readonly string[]>;
  readonly start: (result: Promise<readonly string[]>) => void;
}

export interface Companions {
  /** Instances to add to the call if it is not full. */
  readonly companions?: Iterable<InstanceId>;
  /** The size of the call up to which companions are added. */
  readonly most?: number;
}

/** Groups lookups of instances into calls, and makes at most four calls concurrently. */
export class LookupQueue {
  /** Makes the call for a batch and settles the batch. */
  readonly #look: Look;
  #urgent: Batch[] = [];
  #background: Batch[] = [];
  /** The last batch for each instance, queued or in flight. */
  readonly #batches = new Map<InstanceId, Batch>();
  #inFlight = 0;

  constructor(look: Look) {
    this.#look = look;
  }

  /** Whether any call is in flight or queued. */
  get busy(): boolean {
    return this.#batches.size > 0;
  }

  has(id: InstanceId): boolean {
    return this.#batches.has(id);
  }

  /**
   * Returns the results of the calls that look up these instances and are sent at `since` or later. Queued calls become
   * urgent.
   */
  urgent(ids: readonly InstanceId[], since: number, companions: Companions): Batch['result'][] {
    const batches = new Set<Batch>();
    const missing: InstanceId[] = [];
    for (const id of ids) {
      const batch = this.#batchOf(id, since);
      if (batch === undefined) missing.push(id);
      else batches.add(batch);
    }
    this.#urgent.push(...this.#background.filter((batch) => batches.has(batch)));
    this.#background = this.#background.filter((batch) => !batches.has(batch));
    for (const batch of this.#enqueue(missing, this.#urgent, companions)) batches.add(batch);
    return [...batches].map(({ result }) => result);
  }

  /** Queues instances after all urgent ones, and returns the results of their calls. */
  background(ids: readonly InstanceId[]): Batch['result'][] {
    return [...this.#enqueue(ids, this.#background, {})].map(({ result }) => result);
  }

  #batchOf(id: InstanceId, since: number): Batch | undefined {
    const batch = this.#batches.get(id);
    return batch !== undefined && (batch.sentAt === undefined || batch.sentAt >= since) ? batch : undefined;
  }

  #enqueue(
    ids: readonly InstanceId[],
    queue: Batch[],
    { companions = [], most = batchSize }: Companions,
  ): Set<Batch> {
    const batches = new Set<Batch>();
    const put = (id: InstanceId, batch: Batch): void => {
      batch.ids.add(id);
      this.#batches.set(id, batch);
      batches.add(batch);
    };
    let last = queue.at(-1);
    for (const id of ids) {
      if (last === undefined || last.ids.size >= batchSize) queue.push((last = newBatch()));
      put(id, last);
    }
    if (last !== undefined && batches.size > 0) {
      for (const id of companions) {
        if (last.ids.size >= most) break;
        if (this.#batchOf(id, -Infinity) === undefined) put(id, last);
      }
    }
    // The delay allows callers in the same turn of the event loop to share calls.
    setImmediate(() => {
      this.#pump();
    });
    return batches;
  }

  #pump(): void {
    while (this.#inFlight < maxConcurrentCalls) {
      const batch = this.#urgent.shift() ?? this.#background.shift();
      if (batch === undefined) return;
      this.#inFlight += 1;
      const done = (): void => {
        this.#inFlight -= 1;
        for (const id of batch.ids) if (this.#batches.get(id) === batch) this.#batches.delete(id);
        this.#pump();
      };
      batch.start(this.#look([...batch.ids], (at) => (batch.sentAt = at)));
      batch.result.then(done, done);
    }
  }
}

function newBatch(): Batch {
  let start: Batch['start'] = () => undefined;
  const result = new Promise<readonly string[]>((resolve) => (start = resolve));
  return { ids: new Set(), sentAt: undefined, result, start };
}
