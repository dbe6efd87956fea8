import { DomainError } from '../../errors.ts';
import type { Draining } from '../health/draining-check.ts';
import { notAnInstanceId } from '../failures.ts';
import {
  type InstanceId,
  type MachineInfo,
  type Members,
  parseInstanceId,
  undescribed,
} from '../instance.ts';

/**
 * The result for one requested instance: its description if it was changed (or would be, in a dry run), otherwise the
 * error.
 */
export interface ChangeOutcome {
  /** The id as the caller sent it. */
  readonly instanceId: string;
  readonly result: MachineInfo | DomainError;
  /** Set if the attached instance is still draining from an earlier attachment. */
  readonly draining?: Draining | undefined;
}

export class ChangeOutcomes {
  /** The requested instances in order, without duplicates. */
  readonly ids: Members;
  readonly #named: readonly string[];
  readonly #instances = new Map<InstanceId, MachineInfo>();
  readonly #failures = new Map<InstanceId, DomainError>();
  draining: ReadonlyMap<InstanceId, Draining> = new Map();

  constructor(named: readonly string[]) {
    this.#named = named;
    this.ids = [...new Set(named.flatMap((text) => parseInstanceId(text) ?? []))];
  }

  /** The instances that have not failed so far. */
  get remaining(): Members {
    return this.ids.filter((id) => !this.#failures.has(id));
  }

  /** Marks the remaining instances for which `errorOf` returns an error as failed. */
  refuse(errorOf: (instanceId: InstanceId) => DomainError | undefined): void {
    for (const id of this.remaining) {
      const error = errorOf(id);
      if (error !== undefined) this.#failures.set(id, error);
    }
  }

  describe(instances: readonly MachineInfo[]): void {
    for (const instance of instances) this.#instances.set(instance.instanceId, instance);
  }

  instance(instanceId: InstanceId): MachineInfo {
    return this.#instances.get(instanceId) ?? undescribed(instanceId);
  }

  /**
   * Returns the outcome of each requested instance. If the change of an instance succeeded, its duplicates get the
   * error `duplicate`.
   */
  inOrder(duplicate: (instanceId: InstanceId) => DomainError): ChangeOutcome[] {
    const seen = new Set<InstanceId>();
    return this.#named.map((text) => {
      const instanceId = parseInstanceId(text);
      if (instanceId === undefined) return { instanceId: text, result: notAnInstanceId(text) };
      const failure =
        this.#failures.get(instanceId) ?? (seen.has(instanceId) ? duplicate(instanceId) : undefined);
      seen.add(instanceId);
      return failure === undefined
        ? { instanceId, result: this.instance(instanceId), draining: this.draining.get(instanceId) }
        : { instanceId, result: failure };
    });
  }
}

/** Returns the instance in the only outcome. Throws the error of that outcome if the change failed. */
export function only([outcome]: readonly ChangeOutcome[]): MachineInfo {
  if (outcome === undefined) throw new Error('there is no outcome');
  if (outcome.result instanceof DomainError) throw outcome.result;
  return outcome.result;
}
