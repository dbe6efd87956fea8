import { DomainError } from '../errors.ts';
import { type AwsTrace, startTrace } from '../telemetry.ts';
import { isDrained, isHealthy, type MemberHealth } from './health.ts';
import type { HealthReads } from './health-reads.ts';
import type { ElbName, InstanceId } from './machine.ts';

export type Wish = 'in-service' | 'drained';

/** How a wait ended. `last` is what AWS told last; `trouble` why it told nothing since. */
export type WaitEnd =
  | {
      readonly how: 'there' | 'late' | 'gone' | 'closing';
      readonly last?: MemberHealth;
      readonly trouble?: DomainError;
    }
  /** AWS no longer knows the instance there; `drained` if it was seen draining meanwhile. */
  | { readonly how: 'lost'; readonly drained: boolean }
  | { readonly how: 'failed'; readonly error: unknown };

export interface WaitingOptions {
  /** Calls a second that all reads of load balancers share. */
  readonly elbReadsPerSecond: number;
  /** What one look may take, in milliseconds. */
  readonly deadlineMs: number;
  /** Aborts when the service begins to close. */
  readonly closing: AbortSignal;
}

interface Waiter {
  readonly instanceId: InstanceId;
  readonly wish: Wish;
  readonly end: (end: WaitEnd) => void;
  last?: MemberHealth;
  trouble?: DomainError;
  sawDraining: boolean;
  /** Looks in a row that found nothing of it. */
  absences: number;
}

interface Watch {
  readonly elbName: ElbName;
  readonly waiters: Set<Waiter>;
  /** Ends the rest before the next look. */
  wake: () => void;
}

/** Looks follow each other at this distance at least, in milliseconds. */
const leastDistanceMs = 500;
/** One look may come before AWS knows everywhere what it has just been told. */
const mostAbsences = 2;

/**
 * Lets callers wait for a state of an instance. All who wait on one load balancer share its looks, and the looks at all
 * load balancers together take no more than the budget of reads has; other reads go before them.
 */
export class Waiting {
  readonly #reads: HealthReads;
  readonly #options: WaitingOptions;
  readonly #watches = new Map<ElbName, Watch>();

  constructor(reads: HealthReads, options: WaitingOptions) {
    this.#reads = reads;
    this.#options = options;
    options.closing.addEventListener('abort', () => {
      for (const { waiters } of this.#watches.values())
        for (const waiter of waiters) endAs(waiter, 'closing');
    });
  }

  /** How many wait. */
  get waiters(): number {
    let count = 0;
    for (const watch of this.#watches.values()) count += watch.waiters.size;
    return count;
  }

  /**
   * Resolves when AWS says that it is so, when `ms` milliseconds have passed, when it cannot come to it any more, when
   * `gone` aborts (the caller has left), or when the service begins to close.
   */
  async until(
    elbName: ElbName,
    instanceId: InstanceId,
    wish: Wish,
    { ms, gone }: { ms: number; gone: AbortSignal },
  ): Promise<WaitEnd> {
    if (this.#options.closing.aborted) return { how: 'closing' };
    if (gone.aborted) return { how: 'gone' };
    const watch = this.#watch(elbName);
    let end: () => void = () => undefined;
    try {
      return await new Promise<WaitEnd>((resolve) => {
        const waiter: Waiter = { instanceId, wish, end: resolve, sawDraining: false, absences: 0 };
        const timer = setTimeout(endAs, Math.max(0, ms), waiter, 'late');
        gone.addEventListener('abort', () => {
          endAs(waiter, 'gone');
        });
        end = () => {
          clearTimeout(timer);
          watch.waiters.delete(waiter);
        };
        watch.waiters.add(waiter);
        if (watch.waiters.size === 1) watch.wake();
      });
    } finally {
      end();
      if (watch.waiters.size === 0) watch.wake();
    }
  }

  #watch(elbName: ElbName): Watch {
    let watch = this.#watches.get(elbName);
    if (watch === undefined) {
      watch = { elbName, waiters: new Set(), wake: () => undefined };
      this.#watches.set(elbName, watch);
      // The first waiter is there by then.
      setImmediate(() => void this.#run(elbName));
    }
    return watch;
  }

  /** Looks again and again as long as somebody waits. */
  async #run(elbName: ElbName): Promise<void> {
    const watch = this.#watches.get(elbName);
    if (watch === undefined) return;
    while (watch.waiters.size > 0) {
      const lookedAt = performance.now();
      await this.#look(watch);
      if (watch.waiters.size === 0) break;
      const distance = Math.max(
        leastDistanceMs,
        (1000 * this.#watches.size) / this.#options.elbReadsPerSecond,
      );
      await this.#rest(watch, lookedAt + distance - performance.now());
    }
    this.#watches.delete(elbName);
  }

  /** Tells those who wait by now; those who come while AWS answers may want something that it could not see yet. */
  async #look({ elbName, waiters }: Watch): Promise<void> {
    const asking = [...waiters];
    const ids = [...new Set(asking.map(({ instanceId }) => instanceId))];
    const trace: AwsTrace = startTrace(this.#options.deadlineMs);
    try {
      const told = await this.#reads.some(elbName, ids, trace);
      for (const waiter of asking) tell(waiter, told.get(waiter.instanceId));
    } catch (error) {
      for (const waiter of asking) {
        // What AWS does not tell now it may tell in a second; without a load balancer there is nothing to wait for.
        if (error instanceof DomainError && error.code !== 'elb_not_found') waiter.trouble = error;
        else waiter.end({ how: 'failed', error });
      }
    }
  }

  #rest(watch: Watch, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, ms));
      watch.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function tell(waiter: Waiter, health: MemberHealth | undefined): void {
  delete waiter.trouble;
  if (health === undefined) delete waiter.last;
  else waiter.last = health;
  if (waiter.wish === 'drained') {
    if (isDrained(health)) waiter.end({ how: 'there', ...(health && { last: health }) });
    return;
  }
  waiter.absences = health === undefined || health.condition === 'not-registered' ? waiter.absences + 1 : 0;
  if (waiter.absences >= mostAbsences) waiter.end({ how: 'lost', drained: waiter.sawDraining });
  if (health === undefined) return;
  if (isHealthy(health)) waiter.end({ how: 'there', last: health });
  else if (health.condition === 'draining') waiter.sawDraining = true;
}

function endAs(waiter: Waiter, how: 'late' | 'gone' | 'closing'): void {
  const { last, trouble, end } = waiter;
  end({ how, ...(last && { last }), ...(trouble && { trouble }) });
}
