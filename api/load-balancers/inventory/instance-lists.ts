import type { ElbName, MachineInfo, Members } from '../instance.ts';
import type { InstanceDetails } from './instance-details.ts';
import type { InstanceList } from './lists.ts';
import type { Membership } from './membership.ts';
import type { RegionCache } from './region-cache.ts';

/** The list of a load balancer. It is valid as long as the load balancer has the same `members` array. */
interface Row {
  readonly members: Members;
  readonly instances: readonly MachineInfo[];
  readonly revision: number;
  /** The time until which all descriptions are fresh. */
  readonly freshUntil: number;
  /** The list with the latest `asOf`, in the form in which it is returned without an AWS call. */
  hit?: InstanceList;
}

/** Caches the lists of members and their descriptions. */
export class InstanceLists {
  readonly #cache: RegionCache;
  readonly #details: InstanceDetails;
  readonly #lists = new Map<ElbName, Row>();
  /** Shared by all load balancers, so that a load balancer that is deleted and created again gets new revisions. */
  #lastRevision = 0;

  constructor(cache: RegionCache, details: InstanceDetails) {
    this.#cache = cache;
    this.#details = details;
  }

  /**
   * Returns the cached list of these members, or undefined if its descriptions are not fresh at `now`. Returns the same
   * object until the list or its age changes.
   */
  hit(
    elbName: ElbName,
    { members, asOf }: Pick<Membership, 'members' | 'asOf'>,
    freshUntil: number,
    now: number,
  ): InstanceList | undefined {
    const row = this.#lists.get(elbName);
    if (row?.members !== members || now >= row.freshUntil) return undefined;
    if (row.hit?.asOf !== asOf) {
      const { instances, revision } = row;
      row.hit = { instances, revision, asOf, freshUntil, how: 'hit' };
    }
    return row.hit;
  }

  /** Returns the list of these members. The revision does not change until the content changes. */
  describe(elbName: ElbName, members: Members): Pick<InstanceList, 'instances' | 'revision'> {
    const before = this.#lists.get(elbName);
    const { instances, freshUntil } = this.#details.of(members, before?.instances);
    const revision = before?.instances === instances ? before.revision : (this.#lastRevision += 1);
    if (this.#cache.get(elbName)?.members === members)
      this.#lists.set(elbName, { members, instances, revision, freshUntil });
    return { instances, revision };
  }

  /** Removes the lists of load balancers that are no longer cached. */
  prune(): void {
    for (const elbName of this.#lists.keys())
      if (this.#cache.get(elbName) === undefined) this.#lists.delete(elbName);
  }
}
