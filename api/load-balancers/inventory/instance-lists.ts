import type { InstanceDetails } from './instance-details.ts';
import type { ElbName, MachineInfo, Members } from '../instance.ts';
import type { Membership } from './membership.ts';
import type { InstanceList, RegionCache } from './region-cache.ts';

/** The described members of a load balancer, as long as the members stay the same array. */
interface Row {
  readonly members: Members;
  readonly instances: readonly MachineInfo[];
  /** See `InstanceList`. */
  readonly revision: number;
  /** Until when all descriptions are good. */
  readonly goodUntil: number;
  /** The list as it is served without a call, for its latest age. */
  hit?: InstanceList;
}

/** The lists of members with their descriptions. */
export class InstanceLists {
  readonly #picture: RegionCache;
  readonly #descriptions: InstanceDetails;
  readonly #lists = new Map<ElbName, Row>();
  /** Shared by all load balancers, so that one that is deleted and created again has no revision twice. */
  #lastRevision = 0;

  constructor(picture: RegionCache, descriptions: InstanceDetails) {
    this.#picture = picture;
    this.#descriptions = descriptions;
  }

  /**
   * Returns the list of these members as of `asOf` if it is known and its descriptions are good at `now`; else
   * undefined. It is the same object as long as it and its age stay the same.
   */
  hit(
    elbName: ElbName,
    { members, asOf }: Pick<Membership, 'members' | 'asOf'>,
    freshUntil: number,
    now: number,
  ): InstanceList | undefined {
    const row = this.#lists.get(elbName);
    if (row?.members !== members || now >= row.goodUntil) return undefined;
    if (row.hit?.asOf !== asOf) {
      const { instances, revision } = row;
      row.hit = { instances, revision, asOf, freshUntil, how: 'hit' };
    }
    return row.hit;
  }

  /** Returns the list of these members. It has the revision of the one before as long as nothing in it has changed. */
  describe(elbName: ElbName, members: Members): Pick<InstanceList, 'instances' | 'revision'> {
    const before = this.#lists.get(elbName);
    const { instances, goodUntil } = this.#descriptions.of(members, before?.instances);
    const revision = before?.instances === instances ? before.revision : (this.#lastRevision += 1);
    if (this.#picture.get(elbName)?.members === members)
      this.#lists.set(elbName, { members, instances, revision, goodUntil });
    return { instances, revision };
  }

  /** Drops the lists of load balancers that are no longer known. */
  prune(): void {
    for (const elbName of this.#lists.keys())
      if (this.#picture.get(elbName) === undefined) this.#lists.delete(elbName);
  }
}
