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

/** What became of an instance that was named: it was changed, or would be in a dry run, or why not. */
export interface ChangeOutcome {
  /** As the caller wrote it. */
  readonly instanceId: string;
  readonly result: MachineInfo | DomainError;
  /** Present where an instance that was attached, or would be, still drains from an earlier membership. */
  readonly draining?: Draining | undefined;
}

/** What becomes of the instances of one change, step by step. */
export class ChangeOutcomes {
  /** The instances in the order in which they were named, each once. */
  readonly ids: Members;
  readonly #named: readonly string[];
  readonly #instances = new Map<InstanceId, MachineInfo>();
  readonly #failures = new Map<InstanceId, DomainError>();
  /** The instances that still drain from an earlier membership. */
  draining: ReadonlyMap<InstanceId, Draining> = new Map();

  constructor(named: readonly string[]) {
    this.#named = named;
    this.ids = [...new Set(named.flatMap((text) => parseInstanceId(text) ?? []))];
  }

  /** The instances that have not failed so far. */
  get left(): Members {
    return this.ids.filter((id) => !this.#failures.has(id));
  }

  /** Refuses those left for which `why` returns an error. */
  refuse(why: (instanceId: InstanceId) => DomainError | undefined): void {
    for (const id of this.left) {
      const error = why(id);
      if (error !== undefined) this.#failures.set(id, error);
    }
  }

  /** Takes in descriptions of the instances. */
  describe(instances: readonly MachineInfo[]): void {
    for (const instance of instances) this.#instances.set(instance.instanceId, instance);
  }

  instance(instanceId: InstanceId): MachineInfo {
    return this.#instances.get(instanceId) ?? undescribed(instanceId);
  }

  /** Returns one outcome for each that was named; after a success, `again` is the error of one that is named again. */
  inOrder(again: (instanceId: InstanceId) => DomainError): ChangeOutcome[] {
    const seen = new Set<InstanceId>();
    return this.#named.map((text) => {
      const instanceId = parseInstanceId(text);
      if (instanceId === undefined) return { instanceId: text, result: notAnInstanceId(text) };
      const failure =
        this.#failures.get(instanceId) ?? (seen.has(instanceId) ? again(instanceId) : undefined);
      seen.add(instanceId);
      return failure === undefined
        ? { instanceId, result: this.instance(instanceId), draining: this.draining.get(instanceId) }
        : { instanceId, result: failure };
    });
  }
}

/** Returns the outcome of each instance once: the first one, which is the one that changed it. */
export function firstOutcomes(outcomes: readonly ChangeOutcome[]): ChangeOutcome[] {
  return outcomes.filter(
    ({ instanceId }, index) =>
      parseInstanceId(instanceId) !== undefined &&
      outcomes.findIndex((outcome) => outcome.instanceId === instanceId) === index,
  );
}

/** Returns the instance of the only outcome. Throws where it is a failure. */
export function only([outcome]: readonly ChangeOutcome[]): MachineInfo {
  if (outcome === undefined) throw new Error('there is no outcome');
  if (outcome.result instanceof DomainError) throw outcome.result;
  return outcome.result;
}
