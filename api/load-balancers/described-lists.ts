import type { Descriptions } from './descriptions.ts';
import type { Members } from './load-balancer-gateway.ts';
import type { ElbName, MachineInfo } from './machine.ts';
import type { Membership } from './membership.ts';
import type { MachineList, Picture } from './picture.ts';

/** The described members of a load balancer, as long as the members stay the same array. */
interface Row {
  readonly members: Members;
  readonly machines: readonly MachineInfo[];
  /** See `MachineList`. */
  readonly revision: number;
  /** Until when all descriptions are good. */
  readonly goodUntil: number;
  /** The list as it is served without a call, for its latest age. */
  hit?: MachineList;
}

/** The lists of members with their descriptions. */
export class DescribedLists {
  readonly #picture: Picture;
  readonly #descriptions: Descriptions;
  readonly #lists = new Map<ElbName, Row>();
  /** Shared by all load balancers, so that one that is deleted and created again has no revision twice. */
  #lastRevision = 0;

  constructor(picture: Picture, descriptions: Descriptions) {
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
  ): MachineList | undefined {
    const row = this.#lists.get(elbName);
    if (row?.members !== members || now >= row.goodUntil) return undefined;
    if (row.hit?.asOf !== asOf) {
      const { machines, revision } = row;
      row.hit = { machines, revision, asOf, freshUntil, how: 'hit' };
    }
    return row.hit;
  }

  /** Returns the list of these members. It has the revision of the one before as long as nothing in it has changed. */
  describe(elbName: ElbName, members: Members): Pick<MachineList, 'machines' | 'revision'> {
    const before = this.#lists.get(elbName);
    const { machines, goodUntil } = this.#descriptions.of(members, before?.machines);
    const revision = before?.machines === machines ? before.revision : (this.#lastRevision += 1);
    if (this.#picture.get(elbName)?.members === members)
      this.#lists.set(elbName, { members, machines, revision, goodUntil });
    return { machines, revision };
  }

  /** Drops the lists of load balancers that are no longer known. */
  prune(): void {
    for (const elbName of this.#lists.keys())
      if (this.#picture.get(elbName) === undefined) this.#lists.delete(elbName);
  }
}
