import { DomainError } from '../../errors.ts';
import type { AwsTrace } from '../../telemetry/aws-trace.ts';
import type { Clock } from '../../clock.ts';
import { isHealthy, type MemberHealth } from '../member-health.ts';
import type { HealthReader } from '../health/health-reader.ts';
import { KeyedLock } from '../../async/keyed-lock.ts';
import type { ElbName, InstanceId, Members } from '../instance.ts';
import type { RecentChanges } from '../health/recent-changes.ts';

/** AWS may list an instance as healthy for a moment after its detach, in milliseconds. */
const detachShowsWithinMs = 5000;
/** How old a reading of health may be that a warning relies on, in milliseconds. */
const recentMs = 10_000;

/** Keeps a load balancer that has healthy members from losing the last of them, where PROTECT_LAST_IN_SERVICE is set. */
export class LastInServiceGuard {
  readonly isProtected: boolean;
  readonly #reads: HealthReader;
  readonly #changes: RecentChanges;
  readonly #clock: Clock;
  readonly #locks = new KeyedLock();

  constructor(reads: HealthReader, changes: RecentChanges, isProtected: boolean, clock: Clock) {
    this.#reads = reads;
    this.#changes = changes;
    this.isProtected = isProtected;
    this.#clock = clock;
  }

  /**
   * Runs the detach of a load balancer after those before it, with the members in service, which are read meanwhile.
   * So of two detaches at the same time, neither counts on the other's instance. Without protection, and by force, it
   * runs at once and without them.
   */
  guard(
    elbName: ElbName,
    { force = false, urgency }: { force?: boolean | undefined; urgency: 'urgent' | 'ordinary' },
    trace: AwsTrace,
    detach: (inService?: Promise<ReadonlySet<InstanceId>>) => Promise<void>,
  ): Promise<void> {
    if (!this.isProtected || force) return detach();
    return this.#locks.run(elbName, () => {
      const inService = this.inService(elbName, urgency, trace);
      inService.catch(() => undefined);
      return detach(inService);
    });
  }

  /** Returns the members that are in service from now on. Throws `elb_not_found`, and what the gateway throws. */
  async inService(
    elbName: ElbName,
    urgency: 'urgent' | 'ordinary',
    trace: AwsTrace,
  ): Promise<ReadonlySet<InstanceId>> {
    const now = this.#clock.now();
    const { health } = await this.#reads.all(elbName, now, urgency, trace);
    return this.#inServiceOf(elbName, health, now);
  }

  /**
   * Returns whether the instances that were just detached were the last in service, by a reading of health that is
   * some seconds old at most; false where there is none.
   */
  wereLast(elbName: ElbName, detached: Members): boolean {
    const last = this.#reads.last(elbName);
    if (last === undefined || this.#clock.now() - last.asOf > recentMs) return false;
    const inService = last.health.filter(isHealthy).map(({ instanceId }) => instanceId);
    const isGone = (id: InstanceId): boolean =>
      (this.#changes.get(elbName, id).detachedAt ?? -Infinity) > last.asOf;
    return inService.some((id) => detached.includes(id)) && inService.every(isGone);
  }

  #inServiceOf(elbName: ElbName, health: readonly MemberHealth[], now: number): ReadonlySet<InstanceId> {
    const gone = (id: InstanceId): boolean => {
      const { attachedAt = -Infinity, detachedAt = -Infinity } = this.#changes.get(elbName, id);
      return detachedAt > attachedAt && now - detachedAt < detachShowsWithinMs;
    };
    const healthy = health.filter((one) => isHealthy(one) && !gone(one.instanceId));
    return new Set(healthy.map(({ instanceId }) => instanceId));
  }
}

/** How many members are in service before a detach, and would be after it; else why that is unknown. */
export type InServiceForecast =
  { readonly before: number; readonly after: number } | { readonly unknown: string };

/** Returns what the detach of these instances would leave in service. Failures of AWS make it unknown. */
export async function forecast(
  inService: Promise<ReadonlySet<InstanceId>>,
  detached: Members,
): Promise<InServiceForecast> {
  try {
    const before = await inService;
    return { before: before.size, after: [...before].filter((id) => !detached.includes(id)).length };
  } catch (error) {
    if (error instanceof DomainError) return { unknown: error.problem };
    throw error;
  }
}

/** Returns those of the instances, detached in this order, that would take the last healthy member away. */
export function lastOnes(healthy: ReadonlySet<InstanceId>, instanceIds: Members): Set<InstanceId> {
  const left = new Set(healthy);
  const refused = new Set<InstanceId>();
  for (const id of instanceIds) {
    if (left.size === 1 && left.has(id)) refused.add(id);
    else left.delete(id);
  }
  return refused;
}
