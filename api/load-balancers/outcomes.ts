import { DomainError } from '../errors.ts';
import type { Draining } from './draining.ts';
import type { Members } from './load-balancer-gateway.ts';
import { type InstanceId, type MachineInfo, undescribed } from './machine.ts';

/** What became of an instance that was named: it was changed, or would be in a dry run, or why not. */
export interface Outcome {
  readonly instanceId: InstanceId;
  readonly result: MachineInfo | DomainError;
  /** Present where an instance that was attached, or would be, still drains from an earlier membership. */
  readonly draining?: Draining | undefined;
}

/** What becomes of the instances of one change, step by step. */
export class Outcomes {
  /** The instances in the order in which they were named, each once. */
  readonly ids: Members;
  readonly #named: Members;
  readonly #machines = new Map<InstanceId, MachineInfo>();
  readonly #failures = new Map<InstanceId, DomainError>();
  /** The instances that still drain from an earlier membership. */
  draining: ReadonlyMap<InstanceId, Draining> = new Map();

  constructor(named: Members) {
    this.#named = named;
    this.ids = [...new Set(named)];
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
  describe(machines: readonly MachineInfo[]): void {
    for (const machine of machines) this.#machines.set(machine.instanceId, machine);
  }

  machine(instanceId: InstanceId): MachineInfo {
    return this.#machines.get(instanceId) ?? undescribed(instanceId);
  }

  /** Returns one outcome for each that was named; after a success, `again` is the error of one that is named again. */
  inOrder(again: (instanceId: InstanceId) => DomainError): Outcome[] {
    const seen = new Set<InstanceId>();
    return this.#named.map((instanceId) => {
      const failure =
        this.#failures.get(instanceId) ?? (seen.has(instanceId) ? again(instanceId) : undefined);
      seen.add(instanceId);
      return failure === undefined
        ? { instanceId, result: this.machine(instanceId), draining: this.draining.get(instanceId) }
        : { instanceId, result: failure };
    });
  }
}

/** Returns the instance of the only outcome. Throws where it is a failure. */
export function only([outcome]: readonly Outcome[]): MachineInfo {
  if (outcome === undefined) throw new Error('there is no outcome');
  if (outcome.result instanceof DomainError) throw outcome.result;
  return outcome.result;
}
