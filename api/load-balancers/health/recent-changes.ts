import { LRUCache } from 'lru-cache';
import type { Clock } from '../../clock.ts';
import type { ElbName, InstanceId, Members } from '../instance.ts';

/** The times at which this process last attached and detached an instance, on the time scale of `Clock.now()`. */
export interface RecentChange {
  readonly attachedAt?: number;
  readonly detachedAt?: number;
  /** The time at which the instance was first seen draining after its last known detach. */
  readonly drainingSince?: number;
}

/** Each entry takes about 100 bytes. */
const maxRemembered = 10_000;

/**
 * The recent changes by this process. They are stored because AWS does not return when an instance was registered or
 * began to drain.
 */
export class RecentChanges {
  readonly #clock: Clock;
  readonly #changes = new LRUCache<string, RecentChange>({ max: maxRemembered });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(elbName: ElbName, instanceId: InstanceId): RecentChange {
    return this.#changes.get(`${elbName}/${instanceId}`) ?? {};
  }

  attached(elbName: ElbName, instanceIds: Members): void {
    const now = this.#clock.now();
    for (const id of instanceIds) this.#note(elbName, id, { attachedAt: now });
  }

  detached(elbName: ElbName, instanceIds: Members): void {
    const now = this.#clock.now();
    for (const id of instanceIds) this.#note(elbName, id, { detachedAt: now, drainingSince: now });
  }

  /** Records that the instance is draining. Another client may have detached it. */
  seenDraining(elbName: ElbName, instanceId: InstanceId): void {
    if (this.get(elbName, instanceId).drainingSince !== undefined) return;
    this.#note(elbName, instanceId, { drainingSince: this.#clock.now() });
  }

  /** Records that the instance is not draining, according to a call that was sent at `asOf`. */
  seenNotDraining(elbName: ElbName, instanceId: InstanceId, asOf: number): void {
    const { drainingSince, ...rest } = this.get(elbName, instanceId);
    if (drainingSince !== undefined && drainingSince < asOf)
      this.#changes.set(`${elbName}/${instanceId}`, rest);
  }

  #note(elbName: ElbName, instanceId: InstanceId, change: RecentChange): void {
    const key = `${elbName}/${instanceId}`;
    this.#changes.set(key, { ...this.#changes.get(key), ...change });
  }
}
