import { DomainError } from '../../errors.ts';
import { startTrace } from '../../telemetry/aws-trace.ts';
import type { Clock } from '../../clock.ts';
import type { ElbName, InstanceId } from '../instance.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { AwaitedInstance, type AwaitedState, type WaitEnd } from './awaited-instance.ts';
import type { HealthReader } from './health-reader.ts';

export interface HealthWaiterOptions {
  /** The call budget for all load balancer reads, per second. */
  readonly elbReadsPerSecond: number;
  /** The deadline for one read, in milliseconds. */
  readonly deadlineMs: number;
  /** A signal that aborts when the service begins to close. */
  readonly closing: AbortSignal;
  readonly clock: Clock;
}

interface Watch {
  readonly elbName: ElbName;
  readonly waits: Set<AwaitedInstance>;
  /** Starts the next read immediately. */
  wake: () => void;
}

/** The minimum interval between two reads of a load balancer, in milliseconds. */
const minIntervalMs = 500;

/**
 * The maximum age of the members in a check, in milliseconds. This limits the number of DescribeLoadBalancers calls.
 */
const membersMaxAgeMs = 2000;

/**
 * Waits for instances to reach a state by polling their health. All waits for a load balancer share its reads. The
 * reads use only the part of the call budget that other calls leave.
 */
export class HealthWaiter {
  readonly #reader: HealthReader;
  readonly #inventory: Pick<Inventory, 'members'>;
  readonly #options: HealthWaiterOptions;
  readonly #watches = new Map<ElbName, Watch>();

  constructor(reader: HealthReader, inventory: Pick<Inventory, 'members'>, options: HealthWaiterOptions) {
    this.#reader = reader;
    this.#inventory = inventory;
    this.#options = options;
    options.closing.addEventListener('abort', () => {
      for (const { waits } of this.#watches.values()) for (const wait of waits) wait.end('closing');
    });
  }

  get waiters(): number {
    let count = 0;
    for (const { waits } of this.#watches.values()) count += waits.size;
    return count;
  }

  /**
   * Resolves when the instance is in the state or is no longer a member, after `ms` milliseconds, when the client has
   * disconnected, or when the service begins to close.
   */
  async until(
    elbName: ElbName,
    instanceId: InstanceId,
    state: AwaitedState,
    { ms, disconnected }: { ms: number; disconnected: AbortSignal },
  ): Promise<WaitEnd> {
    const { closing, clock } = this.#options;
    if (closing.aborted) return { how: 'closing' };
    if (disconnected.aborted) return { how: 'disconnected' };
    const watch = this.#watch(elbName);
    let stop = (): void => undefined;
    try {
      return await new Promise<WaitEnd>((resolve) => {
        const wait = new AwaitedInstance(instanceId, state, resolve);
        const cancel = clock.after(Math.max(0, ms), () => {
          wait.end('timed-out');
        });
        disconnected.addEventListener('abort', () => {
          wait.end('disconnected');
        });
        stop = () => {
          cancel();
          watch.waits.delete(wait);
        };
        watch.waits.add(wait);
        if (watch.waits.size === 1) watch.wake();
      });
    } finally {
      stop();
      if (watch.waits.size === 0) watch.wake();
    }
  }

  #watch(elbName: ElbName): Watch {
    let watch = this.#watches.get(elbName);
    if (watch === undefined) {
      watch = { elbName, waits: new Set(), wake: () => undefined };
      this.#watches.set(elbName, watch);
      // The delay allows the caller to add its wait before the poll.
      setImmediate(() => void this.#poll(elbName));
    }
    return watch;
  }

  async #poll(elbName: ElbName): Promise<void> {
    const watch = this.#watches.get(elbName);
    if (watch === undefined) return;
    const { clock, elbReadsPerSecond } = this.#options;
    while (watch.waits.size > 0) {
      const readAt = clock.now();
      await this.#read(watch);
      if (watch.waits.size === 0) break;
      const intervalMs = Math.max(minIntervalMs, (1000 * this.#watches.size) / elbReadsPerSecond);
      await this.#sleep(watch, readAt + intervalMs - clock.now());
    }
    this.#watches.delete(elbName);
  }

  /**
   * Reads the health for the waits that exist now. The result can be too old for waits that begin during the AWS call.
   */
  async #read({ elbName, waits: all }: Watch): Promise<void> {
    const waits = [...all];
    const ids = [...new Set(waits.map(({ instanceId }) => instanceId))];
    const trace = startTrace(this.#options.clock, this.#options.deadlineMs);
    try {
      const health = await this.#reader.readSome(elbName, ids, trace);
      const doubtful = waits.filter((wait) => wait.update(health.get(wait.instanceId)));
      if (doubtful.length === 0) return;
      const members = await this.#inventory.members(elbName, trace, membersMaxAgeMs);
      for (const wait of doubtful) if (!members.includes(wait.instanceId)) wait.endAsFormerMember();
    } catch (error) {
      // Other failures may end before the wait ends.
      const isFinal = !(error instanceof DomainError) || error.code === 'elb_not_found';
      for (const wait of waits) {
        if (isFinal) wait.endWith(error);
        else wait.fail(error);
      }
    }
  }

  #sleep(watch: Watch, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(Math.max(0, ms), resolve);
      watch.wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
