import { DomainError } from '../errors.ts';
import type { AwsTrace } from '../telemetry.ts';
import { isHealthy } from './health.ts';
import type { HealthReads } from './health-reads.ts';
import { KeyedLock } from './keyed-lock.ts';
import type { Members } from './load-balancer-gateway.ts';
import type { ElbName, InstanceId } from './machine.ts';
import type { RecentChanges } from './recent-changes.ts';

/** AWS may list an instance as healthy for a moment after its detach, in milliseconds. */
const detachShowsWithinMs = 5000;

/** Keeps a load balancer that has healthy members from losing the last of them. */
export class LastInService {
  readonly #reads: HealthReads;
  readonly #changes: RecentChanges;
  readonly #locks = new KeyedLock();

  constructor(reads: HealthReads, changes: RecentChanges) {
    this.#reads = reads;
    this.#changes = changes;
  }

  /**
   * Runs the detach of a load balancer after those before it, and hands it the healthy members that AWS tells of from
   * now on. Two detaches that come together so never both count on the other's instance.
   */
  guard<T>(
    elbName: ElbName,
    trace: AwsTrace,
    detach: (healthy: Promise<ReadonlySet<InstanceId>>) => Promise<T>,
  ): Promise<T> {
    return this.#locks.run(elbName, () => {
      const healthy = this.#healthyNow(elbName, trace);
      healthy.catch(() => undefined);
      return detach(healthy);
    });
  }

  async #healthyNow(elbName: ElbName, trace: AwsTrace): Promise<ReadonlySet<InstanceId>> {
    const now = performance.now();
    const { health } = await this.#reads.all(elbName, now, 'urgent', trace);
    const gone = (id: InstanceId): boolean => {
      const { attachedAt = -Infinity, detachedAt = -Infinity } = this.#changes.get(elbName, id);
      return detachedAt > attachedAt && now - detachedAt < detachShowsWithinMs;
    };
    const healthy = health.filter((one) => isHealthy(one) && !gone(one.instanceId));
    return new Set(healthy.map(({ instanceId }) => instanceId));
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

export function isLastInService(elbName: ElbName, instanceId: InstanceId): DomainError {
  return new DomainError(
    'last_in_service',
    `${instanceId} is the last instance in service on ${elbName}, and PROTECT_LAST_IN_SERVICE is set`,
    { advice: 'bring another one into service first, or detach it with ?force=true' },
  );
}
