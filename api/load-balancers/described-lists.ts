import type { Descriptions } from './descriptions.ts';
import type { Members } from './load-balancer-gateway.ts';
import type { ElbName, MachineInfo } from './machine.ts';
import type { MachineList, Picture } from './picture.ts';

/** The described members of a load balancer, as long as the members stay the same array. */
export interface DescribedList {
  readonly members: Members;
  readonly machines: readonly MachineInfo[];
  /** See `MachineList`. */
  readonly revision: number;
  /** Until when all descriptions are good. */
  readonly goodUntil: number;
  /** The list as it is served, for its latest age. */
  ready?: MachineList;
}

/** The lists of members with their descriptions. */
export class DescribedLists {
  readonly #picture: Picture;
  readonly #descriptions: Descriptions;
  readonly #lists = new Map<ElbName, DescribedList>();
  /** Shared by all load balancers, so that one that is deleted and created again has no revision twice. */
  #lastRevision = 0;

  constructor(picture: Picture, descriptions: Descriptions) {
    this.#picture = picture;
    this.#descriptions = descriptions;
  }

  get(elbName: ElbName): DescribedList | undefined {
    return this.#lists.get(elbName);
  }

  /** Returns the list of these members. It has the revision of the one before as long as nothing in it has changed. */
  describe(elbName: ElbName, members: Members): DescribedList {
    const before = this.#lists.get(elbName);
    const { machines, goodUntil } = this.#descriptions.of(members, before?.machines);
    const revision = before?.machines === machines ? before.revision : (this.#lastRevision += 1);
    const list = { members, machines, revision, goodUntil };
    if (this.#picture.get(elbName)?.members === members) this.#lists.set(elbName, list);
    return list;
  }

  /** Drops the lists of load balancers that are no longer known. */
  prune(): void {
    for (const elbName of this.#lists.keys())
      if (this.#picture.get(elbName) === undefined) this.#lists.delete(elbName);
  }
}
