import { type AwsTrace, extendTrace } from '../../telemetry/aws-trace.ts';
import type { Clock } from '../../clock.ts';
import type { ElbName, InstanceId, Members } from '../instance.ts';
import type { HealthReader } from './health-reader.ts';
import type { RecentChanges } from './recent-changes.ts';

/** A detached instance whose connections are still draining. */
export interface Draining {
  /** The latest time at which draining ends; undefined if the draining timeout is unknown. */
  readonly until: Date | undefined;
}

/** The deadline for the check, in milliseconds. */
const deadlineMs = 2000;

/**
 * Finds instances that are still draining. Calls AWS only if this process detached such an instance or saw it draining.
 */
export class DrainingCheck {
  readonly #changes: RecentChanges;
  readonly #reader: HealthReader;
  readonly #clock: Clock;

  constructor(changes: RecentChanges, reader: HealthReader, clock: Clock) {
    this.#changes = changes;
    this.#reader = reader;
    this.#clock = clock;
  }

  /**
   * Returns the instances that are draining, or that may be draining if AWS does not respond within two seconds. Adds
   * the AWS request ids to the trace. Never throws.
   */
  async find(elbName: ElbName, instanceIds: Members, trace: AwsTrace): Promise<Map<InstanceId, Draining>> {
    const suspects = instanceIds.filter((id) => this.#changes.get(elbName, id).drainingSince !== undefined);
    if (suspects.length === 0) return new Map();
    const own = extendTrace(trace, this.#clock, deadlineMs);
    const seconds = await this.#reader.drainingTimeouts.of(elbName, own);
    const found = new Map<InstanceId, Draining>();
    for (const id of suspects) {
      const draining = this.#endOf(elbName, id, seconds);
      if (draining !== undefined) found.set(id, draining);
    }
    if (found.size > 0) {
      // An instance that was out of service, or that has no connections left, is not draining.
      const health = await this.#reader.readSome(elbName, [...found.keys()], own).catch(() => undefined);
      if (health !== undefined)
        for (const id of found.keys()) if (health.get(id)?.condition !== 'draining') found.delete(id);
    }
    return found;
  }

  #endOf(elbName: ElbName, instanceId: InstanceId, seconds: number | undefined): Draining | undefined {
    const { drainingSince } = this.#changes.get(elbName, instanceId);
    if (drainingSince === undefined) return undefined;
    if (seconds === undefined) return { until: undefined };
    const leftMs = drainingSince + seconds * 1000 - this.#clock.now();
    return leftMs > 0 ? { until: new Date(this.#clock.epochMs() + leftMs) } : undefined;
  }
}
