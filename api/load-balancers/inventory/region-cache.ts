import { isDeepStrictEqual } from 'node:util';
import type { LoadBalancer, LoadBalancerDescription, LoadBalancerTraits } from '../load-balancer.ts';
import type { ElbName, InstanceId, MachineInfo, Members } from '../instance.ts';
import {
  afterChange,
  afterDoubt,
  afterRead,
  type Change,
  isDoubtful,
  type Membership,
} from './membership.ts';

/** A list of members and its age. Times are on the clock of the inventory. */
export interface InstanceList {
  readonly instances: readonly MachineInfo[];
  /** Another number whenever the content is other than before, within this process; equal content may have two. */
  readonly revision: number;
  /** When the call left that listed the members. */
  readonly asOf: number;
  /** Until when the list may be served without a call of AWS. */
  readonly freshUntil: number;
  /** `hit`: known and fresh. `stale`: known, and AWS fails. Otherwise the reason for a call of AWS. */
  readonly how: 'hit' | 'stale' | 'asked-unknown' | 'asked-expired' | 'asked-on-request';
}

/** The load balancers of the region, sorted by name, and their age, as in `InstanceList`. */
export interface LoadBalancerList extends Omit<InstanceList, 'instances'> {
  readonly loadBalancers: readonly LoadBalancer[];
}

interface Row {
  membership: Membership;
  traits: LoadBalancerTraits | undefined;
  /** When the call left that brought the traits. */
  traitsAsOf: number;
  /** When the list was last read. */
  readAt: number;
}

/** The known members and traits of every load balancer of the region. */
export class RegionCache {
  readonly #rows = new Map<ElbName, Row>();
  /** Load balancers that AWS did not find, by the time that call left, as long as no younger call shows the region. */
  readonly #notFound = new Map<ElbName, number>();
  /** How many changes of an instance have no answer yet, by `changeKey`. */
  readonly #changing = new Map<string, number>();
  #regionAsOf = -Infinity;
  /** Grows with each change of members or traits. */
  #revision = 0;
  #sorted: Pick<LoadBalancerList, 'loadBalancers' | 'revision'> = { loadBalancers: [], revision: 0 };

  get(elbName: ElbName): Membership | undefined {
    return this.#rows.get(elbName)?.membership;
  }

  /** How many load balancers are known. */
  get size(): number {
    return this.#rows.size;
  }

  /** When the last call left that listed the whole region; -Infinity before the first. */
  get regionAsOf(): number {
    return this.#regionAsOf;
  }

  /** Takes in the region as a call that left at `asOf` listed it. */
  learnRegion(region: ReadonlyMap<ElbName, LoadBalancerDescription>, asOf: number): void {
    for (const [elbName, description] of region) this.learn(elbName, description, asOf);
    for (const elbName of this.#rows.keys()) if (!region.has(elbName)) this.#drop(elbName, asOf);
    this.#regionAsOf = Math.max(this.#regionAsOf, asOf);
    for (const [elbName, notFoundAt] of this.#notFound)
      if (notFoundAt <= this.#regionAsOf) this.#notFound.delete(elbName);
  }

  /** Takes in one load balancer as a call that left at `asOf` described it. */
  learn(elbName: ElbName, { members, traits }: LoadBalancerDescription, asOf: number): void {
    if ((this.#notFound.get(elbName) ?? -Infinity) > asOf) return;
    const membership = afterRead(this.get(elbName), members, asOf);
    const row = this.#put(elbName, membership);
    if (asOf < row.traitsAsOf) return;
    row.traitsAsOf = asOf;
    if (isDeepStrictEqual(row.traits, traits)) return;
    row.traits = traits;
    this.#revision += 1;
  }

  /** Takes in that AWS found no such load balancer in a call that left at `asOf`. */
  forget(elbName: ElbName, asOf: number): void {
    if (this.#drop(elbName, asOf)) this.#notFound.set(elbName, asOf);
  }

  /**
   * Notes that a change is sent at `sentAt`. Returns a function that ends it: with the members that AWS listed in its
   * answer at `at`, undefined where that answer was lost; without arguments where AWS made no change. That function
   * returns whether the members are now certain.
   */
  changing(elbName: ElbName, change: Change, sentAt: number): ChangeEnd {
    const keys = [...(change.added ?? []), ...(change.removed ?? [])].map((id) => changeKey(elbName, id));
    for (const key of keys) this.#changing.set(key, (this.#changing.get(key) ?? 0) + 1);
    return (answer) => {
      for (const key of keys) {
        const left = (this.#changing.get(key) ?? 0) - 1;
        if (left > 0) this.#changing.set(key, left);
        else this.#changing.delete(key);
      }
      if (answer === undefined) return true;
      const isChanging = (id: InstanceId): boolean => this.#changing.has(changeKey(elbName, id));
      const membership = afterChange(this.get(elbName), change, { ...answer, sentAt, isChanging });
      this.#put(elbName, membership);
      return !isDoubtful(membership);
    };
  }

  /** Notes that the outcome of a change is unknown at `at`. */
  doubt(elbName: ElbName, at: number): void {
    const row = this.#rows.get(elbName);
    if (row !== undefined) row.membership = afterDoubt(row.membership, at);
  }

  /** Notes that the list of a load balancer was read. */
  read(elbName: ElbName, at: number): void {
    const row = this.#rows.get(elbName);
    if (row !== undefined) row.readAt = at;
  }

  /** Returns the traits of a load balancer, however old; undefined where no answer of AWS has shown them. */
  traits(elbName: ElbName): LoadBalancerTraits | undefined {
    return this.#rows.get(elbName)?.traits;
  }

  /** Returns all load balancers, sorted by name, and the revision of that list. */
  loadBalancers(): Pick<LoadBalancerList, 'loadBalancers' | 'revision'> {
    if (this.#sorted.revision !== this.#revision)
      this.#sorted = { loadBalancers: this.#sort(), revision: this.#revision };
    return this.#sorted;
  }

  #sort(): LoadBalancer[] {
    const known: LoadBalancer[] = [];
    for (const [elbName, { membership, traits }] of this.#rows)
      if (traits !== undefined) known.push({ elbName, members: membership.members, traits });
    return known.sort((a, b) => (a.elbName < b.elbName ? -1 : 1));
  }

  /** The age of the whole, in the terms of one load balancer; undefined where the region has never been read. */
  get wholeRegion(): Pick<Membership, 'asOf' | 'doubtedAt'> | undefined {
    if (this.#regionAsOf === -Infinity) return undefined;
    let doubtedAt = -Infinity;
    for (const { membership } of this.#rows.values())
      if (isDoubtful(membership)) doubtedAt = Math.max(doubtedAt, membership.doubtedAt);
    return { asOf: this.#regionAsOf, doubtedAt };
  }

  /** The members of all load balancers, one after the other. */
  *everyMember(): Generator<InstanceId> {
    for (const { membership } of this.#rows.values()) yield* membership.members;
  }

  /** The members of those load balancers whose lists were read at `since` or later. */
  *membersReadSince(since: number): Generator<InstanceId> {
    for (const { membership, readAt } of this.#rows.values()) if (readAt >= since) yield* membership.members;
  }

  #put(elbName: ElbName, membership: Membership): Row {
    const before = this.#rows.get(elbName);
    const row = before ?? { membership, traits: undefined, traitsAsOf: -Infinity, readAt: -Infinity };
    if (row.membership.members !== membership.members) this.#revision += 1;
    row.membership = membership;
    if (before === undefined) this.#rows.set(elbName, row);
    this.#notFound.delete(elbName);
    return row;
  }

  /** Drops a load balancer that a call which left at `asOf` did not show, unless younger facts are known of it. */
  #drop(elbName: ElbName, asOf: number): boolean {
    const known = this.get(elbName);
    if (known === undefined || Math.max(known.asOf, known.changedAt) > asOf) return false;
    this.#revision += 1;
    return this.#rows.delete(elbName);
  }
}

/** Ends a change; see `RegionCache.changing`. */
export type ChangeEnd = (answer?: { readonly listed: Members | undefined; readonly at: number }) => boolean;

function changeKey(elbName: ElbName, instanceId: InstanceId): string {
  return `${elbName}/${instanceId}`;
}
