import { DomainError } from '../../errors.ts';
import type { AwsTrace } from '../../telemetry/aws-trace.ts';
import type { Clock } from '../../clock.ts';
import { isHealthy, type MemberHealth } from '../member-health.ts';
import type { HealthReader } from '../health/health-reader.ts';
import type { ChangeOptions } from './change-options.ts';
import type { ElbName, InstanceId, Members } from '../instance.ts';
import type { RecentChanges } from '../health/recent-changes.ts';

/** How long AWS can report a detached instance as healthy, in milliseconds. */
const detachVisibleAfterMs = 5000;
/** The maximum age of the health data on which a warning is based, in milliseconds. */
const recentMs = 10_000;

/** Prevents a detach of the last healthy member of a load balancer that PROTECT_LAST_IN_SERVICE includes. */
export class LastInServiceGuard {
  readonly #protectedElbs: boolean | readonly string[];
  readonly #reader: HealthReader;
  readonly #changes: RecentChanges;
  readonly #clock: Clock;

  /** `protectedElbs`: all load balancers (true), none (false), or the load balancers with these names. */
  constructor(
    reader: HealthReader,
    changes: RecentChanges,
    protectedElbs: boolean | readonly string[],
    clock: Clock,
  ) {
    this.#reader = reader;
    this.#changes = changes;
    this.#protectedElbs = protectedElbs;
    this.#clock = clock;
  }

  isProtected(elbName: ElbName): boolean {
    return typeof this.#protectedElbs === 'boolean'
      ? this.#protectedElbs
      : this.#protectedElbs.includes(elbName);
  }

  /**
   * Returns true if a detach must leave a member in service: the load balancer is protected, and the detach is not
   * forced.
   */
  guards(elbName: ElbName, { force = false }: ChangeOptions): boolean {
    return this.isProtected(elbName) && !force;
  }

  /**
   * Returns the in-service members according to a new AWS call. Throws `elb_not_found`, and the errors of the gateway.
   */
  async inService(
    elbName: ElbName,
    urgency: 'urgent' | 'ordinary',
    trace: AwsTrace,
  ): Promise<ReadonlySet<InstanceId>> {
    const now = this.#clock.now();
    const { health } = await this.#reader.readAll(elbName, now, urgency, trace);
    return this.#inServiceOf(elbName, health, now);
  }

  /**
   * Returns true if, according to the last health reading, no other members were in service. Returns false if that
   * reading is older than 10 s.
   */
  wereLast(elbName: ElbName, detached: Members): boolean {
    const last = this.#reader.last(elbName);
    if (last === undefined || this.#clock.now() - last.asOf > recentMs) return false;
    const inService = last.health.filter(isHealthy).map(({ instanceId }) => instanceId);
    const isGone = (id: InstanceId): boolean =>
      (this.#changes.get(elbName, id).detachedAt ?? -Infinity) > last.asOf;
    return inService.some((id) => detached.includes(id)) && inService.every(isGone);
  }

  #inServiceOf(elbName: ElbName, health: readonly MemberHealth[], now: number): ReadonlySet<InstanceId> {
    const gone = (id: InstanceId): boolean => {
      const { attachedAt = -Infinity, detachedAt = -Infinity } = this.#changes.get(elbName, id);
      return detachedAt > attachedAt && now - detachedAt < detachVisibleAfterMs;
    };
    const healthy = health.filter((one) => isHealthy(one) && !gone(one.instanceId));
    return new Set(healthy.map(({ instanceId }) => instanceId));
  }
}

/** The number of in-service members before and after a detach, or the reason why it is unknown. */
export type InServiceForecast =
  { readonly before: number; readonly after: number } | { readonly unknown: string };

/**
 * Returns the number of in-service members before and after a detach of these instances, or the reason if AWS calls
 * fail.
 */
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

/** Returns the instances whose detach, in this order, would remove the last healthy member. */
export function lastOnes(healthy: ReadonlySet<InstanceId>, instanceIds: Members): Set<InstanceId> {
  const left = new Set(healthy);
  const refused = new Set<InstanceId>();
  for (const id of instanceIds) {
    if (left.size === 1 && left.has(id)) refused.add(id);
    else left.delete(id);
  }
  return refused;
}
