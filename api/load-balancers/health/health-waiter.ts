import { DomainError } from '../../errors.ts';
import { type AwsTrace, startTrace } from '../../telemetry/aws-trace.ts';
import type { Clock } from '../../clock.ts';
import { isDoubtful, isDrained, isHealthy, type MemberHealth } from '../member-health.ts';
import type { HealthReader } from './health-reader.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { ElbName, InstanceId } from '../instance.ts';

export type AwaitedState = 'in-service' | 'drained';

export interface LastLooks {
  readonly last?: MemberHealth;
  readonly trouble?: DomainError;
}

/** How a wait ended. `last` is the last health that AWS answered; `trouble` the failure since. */
export type WaitEnd =
  | ({ readonly how: 'there' | 'late' | 'gone' | 'closing' } & LastLooks)
  /** The instance is no member any more; `drained` if it was seen draining meanwhile. */
  | { readonly how: 'lost'; readonly drained: boolean }
  | { readonly how: 'failed'; readonly error: unknown };

export interface HealthWaiterOptions {
  /** Calls a second that all reads of load balancers share. */
  readonly elbReadsPerSecond: number;
  /** What one look may take, in milliseconds. */
  readonly deadlineMs: number;
  /** Aborts when the service begins to close. */
  readonly closing: AbortSignal;
  /** The least distance between two looks at a load balancer, in milliseconds; 500 by default. */
  readonly leastDistanceMs?: number;
  readonly clock: Clock;
}

interface Waiter {
  readonly instanceId: InstanceId;
  readonly awaited: AwaitedState;
  readonly end: (end: WaitEnd) => void;
  last?: MemberHealth;
  trouble?: DomainError;
  sawDraining: boolean;
  /** Looks in a row whose health left the membership open. */
  doubts: number;
}

interface Watch {
  readonly elbName: ElbName;
  readonly waiters: Set<Waiter>;
  /** Ends the rest before the next look. */
  wake: () => void;
}

/** The membership is checked from this doubtful look on: the first may come before AWS knows the change everywhere. */
const doubtsBeforeCheck = 2;
/** How old the membership may be in that check, in milliseconds: DescribeLoadBalancers is called once in that time. */
const membersMaxAgeMs = 2000;

/**
 * Lets callers wait for a state of an instance. All who wait on one load balancer share its looks, and the looks at all
 * load balancers together take no more than the budget of reads has; other reads go before them.
 */
export class HealthWaiter {
  readonly #reads: HealthReader;
  readonly #inventory: Pick<Inventory, 'members'>;
  readonly #options: HealthWaiterOptions;
  readonly #watches = new Map<ElbName, Watch>();

  constructor(reads: HealthReader, inventory: Pick<Inventory, 'members'>, options: HealthWaiterOptions) {
    this.#reads = reads;
    this.#inventory = inventory;
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
   * Resolves when AWS says that it is so, when `ms` milliseconds have passed, when the instance is no member any more
   * and cannot come into service, when `gone` aborts (the caller has left), or when the service begins to close.
   */
  async until(
    elbName: ElbName,
    instanceId: InstanceId,
    awaited: AwaitedState,
    { ms, gone }: { ms: number; gone: AbortSignal },
  ): Promise<WaitEnd> {
    if (this.#options.closing.aborted) return { how: 'closing' };
    if (gone.aborted) return { how: 'gone' };
    const watch = this.#watch(elbName);
    let end: () => void = () => undefined;
    try {
      return await new Promise<WaitEnd>((resolve) => {
        const waiter: Waiter = { instanceId, awaited, end: resolve, sawDraining: false, doubts: 0 };
        const cancel = this.#options.clock.after(Math.max(0, ms), () => {
          endAs(waiter, 'late');
        });
        gone.addEventListener('abort', () => {
          endAs(waiter, 'gone');
        });
        end = () => {
          cancel();
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
      const lookedAt = this.#options.clock.now();
      await this.#look(watch);
      if (watch.waiters.size === 0) break;
      const { leastDistanceMs = 500, elbReadsPerSecond } = this.#options;
      const distance = Math.max(leastDistanceMs, (1000 * this.#watches.size) / elbReadsPerSecond);
      await this.#rest(watch, lookedAt + distance - this.#options.clock.now());
    }
    this.#watches.delete(elbName);
  }

  /** Looks for those who wait when it begins: this look may be too early for those who come while AWS answers. */
  async #look({ elbName, waiters }: Watch): Promise<void> {
    const asking = [...waiters];
    const ids = [...new Set(asking.map(({ instanceId }) => instanceId))];
    const trace: AwsTrace = startTrace(this.#options.clock, this.#options.deadlineMs);
    try {
      const health = await this.#reads.some(elbName, ids, trace);
      const doubtful = asking.filter((waiter) => see(waiter, health.get(waiter.instanceId)));
      if (doubtful.length === 0) return;
      const members = await this.#inventory.members(elbName, trace, membersMaxAgeMs);
      for (const waiter of doubtful) if (!members.includes(waiter.instanceId)) endAsNoMember(waiter);
    } catch (error) {
      for (const waiter of asking) {
        // AWS may answer in a second; without a load balancer there is nothing to wait for.
        if (error instanceof DomainError && error.code !== 'elb_not_found') waiter.trouble = error;
        else waiter.end({ how: 'failed', error });
      }
    }
  }

  #rest(watch: Watch, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(Math.max(0, ms), resolve);
      watch.wake = () => {
        cancel();
        resolve();
      };
    });
  }
}

/** Takes in the health of a look, and returns whether the membership has to be checked for the waiter. */
function see(waiter: Waiter, health: MemberHealth | undefined): boolean {
  delete waiter.trouble;
  if (health === undefined) delete waiter.last;
  else waiter.last = health;
  waiter.doubts = isDoubtful(health) ? waiter.doubts + 1 : 0;
  if (waiter.awaited === 'drained') {
    if (!isDrained(health)) return waiter.doubts > 0;
    endAs(waiter, 'there');
    return false;
  }
  if (health !== undefined && isHealthy(health)) endAs(waiter, 'there');
  else if (health?.condition === 'draining') waiter.sawDraining = true;
  return waiter.doubts >= doubtsBeforeCheck;
}

/** A former member has no connection left, and cannot come into service. */
function endAsNoMember(waiter: Waiter): void {
  if (waiter.awaited === 'drained') endAs(waiter, 'there');
  else waiter.end({ how: 'lost', drained: waiter.sawDraining });
}

function endAs(waiter: Waiter, how: 'there' | 'late' | 'gone' | 'closing'): void {
  const { last, trouble, end } = waiter;
  end({ how, ...(last && { last }), ...(trouble && { trouble }) });
}
