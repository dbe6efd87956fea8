import { isDeepStrictEqual } from 'node:util';
import { LRUCache } from 'lru-cache';
import { type AwsTrace, startTrace } from '../../telemetry/aws-trace.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Clock } from '../../clock.ts';
import type { LoadBalancerGateway } from '../load-balancer-gateway.ts';
import { type InstanceId, type MachineInfo, undescribed } from '../instance.ts';
import { OutageTracker } from './outage-tracker.ts';

/** EC2's limit of values in one filter (FilterLimitExceeded beyond: outscale/cloud-provider-osc#84). */
const batchSize = 200;
const mostSideBySide = 4;
/** What EC2 has to answer a call that is to see whether it is back, in milliseconds. */
const probeMs = 1000;
/** Some 200 bytes each; 20 load balancers of 1,000 instances are the default quotas of a region. */
const mostRemembered = 30_000;

export interface InstanceCacheOptions {
  /** How long a description is good, in milliseconds. */
  readonly maxAgeMs: number;
  /** How long it is good that EC2 described nothing, in milliseconds. */
  readonly unknownMaxAgeMs: number;
  /** What one call may take in all, in milliseconds. */
  readonly deadlineMs: number;
  readonly clock: Clock;
}

/** What is remembered of one instance. Type and date are undefined where EC2 did not describe it. */
export interface CachedInstance {
  readonly instance: MachineInfo;
  /** When the call left that brought this. */
  readonly asOf: number;
  readonly goodUntil: number;
}

interface Batch {
  readonly ids: Set<InstanceId>;
  sentAt: number | undefined;
  readonly result: Promise<void>;
  readonly settle: { resolve: () => void; reject: (error: unknown) => void };
  readonly requestIds: string[];
}

/** What EC2 told of instances: asked in batches, a few side by side, and remembered for a while. */
export class InstanceCache {
  readonly outage: OutageTracker;
  readonly #gateway: LoadBalancerGateway;
  readonly #options: InstanceCacheOptions;
  readonly #clock: Clock;
  readonly #entries = new LRUCache<InstanceId, CachedInstance>({ max: mostRemembered });
  /** HealthWaiter to be sent, in order: what somebody waits for, and then the rest. */
  readonly #waiting: { first: Batch[]; last: Batch[] } = { first: [], last: [] };
  /** The last batch, waiting or under way, that asks for an instance. */
  readonly #asking = new Map<InstanceId, Batch>();
  #underWay = 0;
  #askedAt = -Infinity;

  constructor(gateway: LoadBalancerGateway, logger: Logger, options: InstanceCacheOptions) {
    this.#gateway = gateway;
    this.#options = options;
    this.#clock = options.clock;
    this.outage = new OutageTracker('instances', logger);
  }

  /** Returns what is remembered of an instance, however old. */
  get(instanceId: InstanceId): CachedInstance | undefined {
    return this.#entries.get(instanceId);
  }

  /** When EC2 was last asked. */
  get askedAt(): number {
    return this.#askedAt;
  }

  /** Whether a call is under way or waits. */
  get busy(): boolean {
    return this.#asking.size > 0;
  }

  /**
   * Resolves once EC2 has told of these instances in calls that left at `since` or later; `companions` fill up
   * what room is left in those calls, up to `most` instances. Throws what the gateway throws. AWS's ids of the calls go into the trace.
   */
  async load(
    ids: readonly InstanceId[],
    since: number,
    trace: AwsTrace | undefined,
    { companions = [], most = batchSize }: { companions?: Iterable<InstanceId>; most?: number } = {},
  ): Promise<void> {
    const batches = new Set<Batch>();
    const fresh: InstanceId[] = [];
    for (const id of ids) {
      const batch = this.#batchOf(id, since);
      if (batch === undefined) fresh.push(id);
      else batches.add(batch);
    }
    this.#hasten(batches);
    for (const batch of this.#enqueue(fresh, 'first', companions, most)) batches.add(batch);
    await Promise.all([...batches].map(({ result }) => result));
    for (const { requestIds } of batches) trace?.requestIds.push(...requestIds);
  }

  /** Has EC2 asked of those of these instances of which nothing is known, after all that somebody waits for. */
  fill(ids: Iterable<InstanceId>): void {
    if (this.outage.error !== undefined) return;
    const unknown: InstanceId[] = [];
    const room = mostRemembered - this.#entries.size;
    for (const id of ids) {
      if (unknown.length >= room) break;
      if (!this.#entries.has(id) && !this.#asking.has(id)) unknown.push(id);
    }
    // Nobody waits for these, so nobody else would hear of a failure; the outage has told the log.
    for (const { result } of this.#enqueue(unknown, 'last')) result.catch(() => undefined);
  }

  #batchOf(id: InstanceId, since: number): Batch | undefined {
    const batch = this.#asking.get(id);
    return batch !== undefined && (batch.sentAt === undefined || batch.sentAt >= since) ? batch : undefined;
  }

  #enqueue(
    ids: readonly InstanceId[],
    place: 'first' | 'last',
    companions: Iterable<InstanceId> = [],
    most = batchSize,
  ): Set<Batch> {
    const queue = this.#waiting[place];
    const batches = new Set<Batch>();
    const put = (id: InstanceId, batch: Batch): void => {
      batch.ids.add(id);
      this.#asking.set(id, batch);
      batches.add(batch);
    };
    let last = queue.at(-1);
    for (const id of ids) {
      // Those that wait share the next call: another is made only when that is full.
      if (last === undefined || last.ids.size >= batchSize) queue.push((last = newBatch()));
      put(id, last);
    }
    if (last !== undefined && batches.size > 0) {
      for (const id of companions) {
        if (last.ids.size >= most) break;
        if (this.#batchOf(id, -Infinity) === undefined) put(id, last);
      }
    }
    // Those who ask in the same turn of the event loop share calls, too.
    setImmediate(() => {
      this.#pump();
    });
    return batches;
  }

  /** Somebody waits by now for what was to be asked last. */
  #hasten(batches: ReadonlySet<Batch>): void {
    this.#waiting.first.push(...this.#waiting.last.filter((batch) => batches.has(batch)));
    this.#waiting.last = this.#waiting.last.filter((batch) => !batches.has(batch));
  }

  #pump(): void {
    while (this.#underWay < mostSideBySide) {
      const batch = this.#waiting.first.shift() ?? this.#waiting.last.shift();
      if (batch === undefined) return;
      this.#underWay += 1;
      void this.#ask(batch).finally(() => {
        this.#underWay -= 1;
        for (const id of batch.ids) if (this.#asking.get(id) === batch) this.#asking.delete(id);
        this.#pump();
      });
    }
  }

  async #ask(batch: Batch): Promise<void> {
    const probe = this.outage.error !== undefined;
    const trace = startTrace(this.#clock, probe ? probeMs : this.#options.deadlineMs, {
      probe,
      sent: () => (batch.sentAt = this.#clock.now()),
    });
    this.#askedAt = this.#clock.now();
    try {
      const described = await this.#gateway.describeInstances([...batch.ids], trace);
      const asOf = batch.sentAt ?? this.#clock.now();
      for (const id of batch.ids) this.#remember(id, described.get(id), asOf);
      batch.requestIds.push(...trace.requestIds);
      this.outage.end();
      batch.settle.resolve();
    } catch (error) {
      this.outage.begin(error);
      batch.settle.reject(error);
    }
  }

  #remember(id: InstanceId, described: MachineInfo | undefined, asOf: number): void {
    const before = this.#entries.get(id);
    if (before !== undefined && before.asOf > asOf) return;
    const { maxAgeMs, unknownMaxAgeMs } = this.#options;
    const instance = described ?? undescribed(id);
    this.#entries.set(id, {
      // The same object as long as nothing has changed lets others see at a glance that nothing has.
      instance:
        before !== undefined && isDeepStrictEqual(before.instance, instance) ? before.instance : instance,
      asOf,
      goodUntil: this.#clock.now() + (described === undefined ? unknownMaxAgeMs : maxAgeMs),
    });
  }
}

function newBatch(): Batch {
  const settle: { resolve: () => void; reject: (error: unknown) => void } = {
    resolve: () => undefined,
    reject: () => undefined,
  };
  const result = new Promise<void>((resolve, reject) => Object.assign(settle, { resolve, reject }));
  return { ids: new Set(), sentAt: undefined, result, settle, requestIds: [] };
}
