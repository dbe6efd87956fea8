import type { LoadBalancer, LoadBalancerDescription, LoadBalancerTraits } from './load-balancer.ts';
import type { Members } from './load-balancer-gateway.ts';
import type { ElbName, InstanceId, MachineInfo } from './machine.ts';

/** A list of members, and what there is to say of its age. Times are on the clock of `performance.now()`. */
export interface MachineList {
  /** The same array as long as nothing in it has changed. */
  readonly machines: readonly MachineInfo[];
  /** When the call left that told of the membership. */
  readonly asOf: number;
  /** Until when the list may be served without a question. */
  readonly freshUntil: number;
  /** `hit`: it was known and fresh. `stale`: it was known, and AWS fails. Otherwise why AWS was asked. */
  readonly how: 'hit' | 'stale' | 'asked-unknown' | 'asked-expired' | 'asked-on-request';
}

/** The load balancers of the region, sorted by name, and what there is to say of their age, as in `MachineList`. */
export interface LoadBalancerList extends Omit<MachineList, 'machines'> {
  readonly loadBalancers: readonly LoadBalancer[];
}

/** What is known of one load balancer. Times are on the clock of `performance.now()`. */
export interface Membership {
  readonly members: Members;
  /** When the call left that told of these members. */
  asOf: number;
  /** Calls that left earlier may not have seen a change that these members include. */
  readonly notBefore: number;
  /** Whether AWS's own answers contradict these members, so that they must be read again before they count as fresh. */
  readonly doubtful: boolean;
  /** The members with their descriptions, and until when all of these are good. */
  described?: { machines: readonly MachineInfo[]; goodUntil: number; ready?: MachineList };
  /** When somebody last asked for the list. */
  readAt: number;
}

/** A change of a membership: who was attached, or detached. */
export interface Change {
  readonly added?: Members;
  readonly removed?: Members;
}

/** The members of every load balancer of the region, as far as AWS has told. */
export class Picture {
  readonly #memberships = new Map<ElbName, Membership>();
  #descriptions = new Map<ElbName, LoadBalancerDescription>();
  #regionAsOf = -Infinity;

  get(elbName: ElbName): Membership | undefined {
    return this.#memberships.get(elbName);
  }

  /** How many load balancers are known. */
  get size(): number {
    return this.#memberships.size;
  }

  /** When the last call left that told of the whole region. */
  get regionAsOf(): number {
    return this.#regionAsOf;
  }

  /** Takes in the whole region, as a call that left at `asOf` told it; what was written since then stays. */
  learnRegion(region: ReadonlyMap<ElbName, LoadBalancerDescription>, asOf: number): void {
    for (const [elbName, { members }] of region) this.learn(elbName, members, asOf);
    for (const [elbName, before] of this.#memberships) {
      if (!region.has(elbName) && Math.max(before.notBefore, before.asOf) <= asOf)
        this.#memberships.delete(elbName);
    }
    if (asOf < this.#regionAsOf) return;
    this.#regionAsOf = asOf;
    this.#descriptions = new Map(region);
  }

  /** Takes in what there is to know of a load balancer beside its members. */
  describe(elbName: ElbName, description: LoadBalancerDescription): void {
    this.#descriptions.set(elbName, description);
  }

  /** What there is to know of a load balancer beside its members; undefined where AWS has not told. */
  traits(elbName: ElbName): LoadBalancerTraits | undefined {
    return this.#descriptions.get(elbName)?.traits;
  }

  /** All load balancers, sorted by name. */
  loadBalancers(): LoadBalancer[] {
    const known: LoadBalancer[] = [];
    for (const [elbName, { traits }] of this.#descriptions) {
      const members = this.#memberships.get(elbName)?.members;
      if (members !== undefined) known.push({ elbName, members, traits });
    }
    return known.sort((a, b) => (a.elbName < b.elbName ? -1 : 1));
  }

  /** How old the whole is, in the terms of one load balancer; undefined where it has never been read. */
  get wholeRegion(): Pick<Membership, 'asOf' | 'notBefore' | 'doubtful'> | undefined {
    if (this.#regionAsOf === -Infinity) return undefined;
    const whole = { asOf: this.#regionAsOf, notBefore: -Infinity, doubtful: false };
    for (const { doubtful, notBefore } of this.#memberships.values()) {
      if (!doubtful) continue;
      whole.doubtful = true;
      whole.notBefore = Math.max(whole.notBefore, notBefore);
    }
    return whole;
  }

  /** Takes in one load balancer, as a call that left at `asOf` told it, unless more is known by now. */
  learn(elbName: ElbName, members: Members, asOf: number): void {
    const before = this.#memberships.get(elbName);
    if (before !== undefined && Math.max(before.notBefore, before.asOf) > asOf) return;
    if (before !== undefined && !before.doubtful && sameMembers(before.members, members)) {
      before.asOf = Math.max(before.asOf, asOf);
      return;
    }
    this.#memberships.set(elbName, {
      members,
      asOf,
      notBefore: asOf,
      doubtful: false,
      readAt: before?.readAt ?? -Infinity,
    });
  }

  /** AWS has no such load balancer, as a call that left at `asOf` told. */
  forget(elbName: ElbName, asOf: number): void {
    const before = this.#memberships.get(elbName);
    if (before !== undefined && Math.max(before.notBefore, before.asOf) <= asOf)
      this.#memberships.delete(elbName);
  }

  /**
   * Takes in what AWS listed in answer to a change, or, where it listed nothing to be believed, what must be so.
   * Returns whether AWS's list was believed. moto and LocalStack answer an empty list; of two changes at once, the
   * later answer may tell the earlier state. So a list that lacks a member known a moment ago, or contradicts the
   * change itself, is not believed.
   */
  changed(elbName: ElbName, { added = [], removed = [] }: Change, listed: Members | undefined): boolean {
    const before = this.#memberships.get(elbName);
    const known = before?.members ?? [];
    const expected = [...known.filter((id) => !removed.includes(id) && !added.includes(id)), ...added];
    const told = new Set(listed);
    const believed =
      listed !== undefined && expected.every((id) => told.has(id)) && !removed.some((id) => told.has(id));
    const now = performance.now();
    this.#memberships.set(elbName, {
      members: believed ? listed : expected,
      asOf: now,
      notBefore: now,
      doubtful: !believed,
      readAt: before?.readAt ?? -Infinity,
    });
    return believed;
  }

  /** A change was asked for and its outcome is unknown: what is known no longer counts as fresh. */
  doubt(elbName: ElbName): void {
    const before = this.#memberships.get(elbName);
    const now = performance.now();
    if (before !== undefined) this.#memberships.set(elbName, { ...before, notBefore: now, doubtful: true });
  }

  /** The members of all load balancers, one after the other. */
  *everyMember(): Generator<InstanceId> {
    for (const { members } of this.#memberships.values()) yield* members;
  }

  /** The members of those load balancers whose lists were asked for at `since` or later. */
  *membersReadSince(since: number): Generator<InstanceId> {
    for (const { members, readAt } of this.#memberships.values()) if (readAt >= since) yield* members;
  }
}

function sameMembers(a: Members, b: Members): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}
