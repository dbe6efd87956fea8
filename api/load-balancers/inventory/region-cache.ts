import { isDeepStrictEqual } from 'node:util';
import type { ElbName, InstanceId, Members } from '../instance.ts';
import type { LoadBalancer, LoadBalancerDescription, LoadBalancerTraits } from '../load-balancer.ts';
import type { LoadBalancerList } from './lists.ts';
import { afterChange, afterDoubt, afterRead, type Change, needsRead, type Membership } from './membership.ts';
import { PendingChanges } from './pending-changes.ts';

interface Row {
  membership: Membership;
  traits: LoadBalancerTraits | undefined;
  /** The time at which the call that returned the traits was sent. */
  traitsAsOf: number;
  /** The time at which the list was last read. */
  readAt: number;
}

/**
 * Ends a change. `listed` contains the members in the response that arrived at `at`, or is undefined if that response
 * was lost. Omit the argument if AWS made no change. Returns true if the members are now certain.
 */
export type ChangeEnd = (answer?: { readonly listed: Members | undefined; readonly at: number }) => boolean;

/** The cached members and traits of every load balancer in the region. `asOf` is the time at which a call was sent. */
export class RegionCache {
  readonly #rows = new Map<ElbName, Row>();
  /**
   * The time at which each missing load balancer was not found. The entry is kept until a later call lists the region.
   */
  readonly #notFound = new Map<ElbName, number>();
  readonly #pending = new PendingChanges();
  #regionAsOf = -Infinity;
  /** Increases with each change to members or traits. */
  #revision = 0;
  #sorted: Pick<LoadBalancerList, 'loadBalancers' | 'revision'> = { loadBalancers: [], revision: 0 };

  get(elbName: ElbName): Membership | undefined {
    return this.#rows.get(elbName)?.membership;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** The time at which the last call that listed the whole region was sent; -Infinity before the first call. */
  get regionAsOf(): number {
    return this.#regionAsOf;
  }

  /** Replaces the cached region. Removes load balancers that AWS did not return, unless they changed after `asOf`. */
  updateRegion(region: ReadonlyMap<ElbName, LoadBalancerDescription>, asOf: number): void {
    for (const [elbName, description] of region) this.update(elbName, description, asOf);
    for (const elbName of this.#rows.keys()) if (!region.has(elbName)) this.#drop(elbName, asOf);
    this.#regionAsOf = Math.max(this.#regionAsOf, asOf);
    for (const [elbName, notFoundAt] of this.#notFound)
      if (notFoundAt <= this.#regionAsOf) this.#notFound.delete(elbName);
  }

  /** Updates one load balancer, unless a later call did not find it. */
  update(elbName: ElbName, { members, traits }: LoadBalancerDescription, asOf: number): void {
    if ((this.#notFound.get(elbName) ?? -Infinity) > asOf) return;
    const row = this.#put(elbName, afterRead(this.get(elbName), members, asOf));
    if (asOf < row.traitsAsOf) return;
    row.traitsAsOf = asOf;
    if (isDeepStrictEqual(row.traits, traits)) return;
    row.traits = traits;
    this.#revision += 1;
  }

  /** Removes a load balancer that AWS did not find. */
  remove(elbName: ElbName, asOf: number): void {
    if (this.#drop(elbName, asOf)) this.#notFound.set(elbName, asOf);
  }

  /**
   * Records that a change is sent at `sentAt`. The caller must call the returned function when the change has ended.
   */
  changing(elbName: ElbName, change: Change, sentAt: number): ChangeEnd {
    const ids = [...(change.added ?? []), ...(change.removed ?? [])];
    this.#pending.begin(elbName, ids);
    return (answer) => {
      this.#pending.end(elbName, ids);
      if (answer === undefined) return true;
      const isChanging = (id: InstanceId): boolean => this.#pending.has(elbName, id);
      const membership = afterChange(this.get(elbName), change, { ...answer, sentAt, isChanging });
      this.#put(elbName, membership);
      return !needsRead(membership);
    };
  }

  /** Records that the outcome of a change is unknown at `at`. */
  doubt(elbName: ElbName, at: number): void {
    const row = this.#rows.get(elbName);
    if (row !== undefined) row.membership = afterDoubt(row.membership, at);
  }

  noteRead(elbName: ElbName, at: number): void {
    const row = this.#rows.get(elbName);
    if (row !== undefined) row.readAt = at;
  }

  /** Returns the cached traits, regardless of their age, or undefined if there are none. */
  traits(elbName: ElbName): LoadBalancerTraits | undefined {
    return this.#rows.get(elbName)?.traits;
  }

  /** Returns all load balancers that have traits, sorted by name, and the revision of that list. */
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

  /** The age of the region and the time of the latest doubt in it; undefined before the first read. */
  get wholeRegion(): Pick<Membership, 'asOf' | 'doubtedAt'> | undefined {
    if (this.#regionAsOf === -Infinity) return undefined;
    let doubtedAt = -Infinity;
    for (const { membership } of this.#rows.values())
      if (needsRead(membership)) doubtedAt = Math.max(doubtedAt, membership.doubtedAt);
    return { asOf: this.#regionAsOf, doubtedAt };
  }

  *everyMember(): Generator<InstanceId> {
    for (const { membership } of this.#rows.values()) yield* membership.members;
  }

  /** Yields the members of the load balancers whose lists were read at `since` or later. */
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

  /** Removes a load balancer, unless it was listed or changed after `asOf`. Returns true if it was removed. */
  #drop(elbName: ElbName, asOf: number): boolean {
    const known = this.get(elbName);
    if (known === undefined || Math.max(known.asOf, known.changedAt) > asOf) return false;
    this.#revision += 1;
    return this.#rows.delete(elbName);
  }
}
