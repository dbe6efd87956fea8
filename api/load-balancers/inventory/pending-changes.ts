import type { ElbName, InstanceId, Members } from '../instance.ts';

/** Counts the changes of each instance to which AWS has not responded yet. */
export class PendingChanges {
  readonly #counts = new Map<string, number>();

  begin(elbName: ElbName, instanceIds: Members): void {
    for (const id of instanceIds) this.#add(`${elbName}/${id}`, 1);
  }

  end(elbName: ElbName, instanceIds: Members): void {
    for (const id of instanceIds) this.#add(`${elbName}/${id}`, -1);
  }

  has(elbName: ElbName, instanceId: InstanceId): boolean {
    return this.#counts.has(`${elbName}/${instanceId}`);
  }

  #add(key: string, count: 1 | -1): void {
    const left = (this.#counts.get(key) ?? 0) + count;
    if (left > 0) this.#counts.set(key, left);
    else this.#counts.delete(key);
  }
}
