import type { InstanceId, Members } from '../instance.ts';

/**
 * The cached members of one load balancer. Times are on the time scale of `Clock.now()`.
 *
 * Calls overlap, so the response to a read may not include a change whose response arrived earlier. Only a call that is
 * sent after the response to a change is guaranteed to include that change. Each list is therefore corrected by the
 * changes whose responses arrived after the call for the list was sent.
 */
export interface Membership {
  /** The members in the order from AWS, corrected by `changes`. The array stays the same until the members change. */
  readonly members: Members;
  /** The time at which the call that listed the members was sent; -Infinity if there was no such call. */
  readonly asOf: number;
  /** The last change of each instance whose response arrived at `asOf` or later. */
  readonly changes: ReadonlyMap<InstanceId, AnsweredChange>;
  /**
   * The last time at which the outcome of a change was unknown or responses contradicted each other; -Infinity if this
   * never happened.
   */
  readonly doubtedAt: number;
  /** The last time at which a change was completed or its outcome was unknown; -Infinity if this never happened. */
  readonly changedAt: number;
}

export interface AnsweredChange {
  readonly isMember: boolean;
  /** The time at which the response arrived. */
  readonly at: number;
}

/** The attached and detached instances. */
export interface Change {
  readonly added?: Members;
  readonly removed?: Members;
}

export interface ChangeAnswer {
  /** The members in the response, or undefined if the response was lost. */
  readonly listed: Members | undefined;
  /** The time at which the call was sent. */
  readonly sentAt: number;
  /** The time at which the response arrived. */
  readonly at: number;
  /**
   * Returns true if another change of the instance is in flight. The lists from AWS may or may not include that change.
   */
  readonly isChanging: (instanceId: InstanceId) => boolean;
}

const unknown: Membership = {
  members: [],
  asOf: -Infinity,
  changes: new Map(),
  doubtedAt: -Infinity,
  changedAt: -Infinity,
};

/** Returns true if the members must be read again. */
export function needsRead({ asOf, doubtedAt }: Pick<Membership, 'asOf' | 'doubtedAt'>): boolean {
  return doubtedAt >= asOf;
}

/** Returns the membership after a call that was sent at `asOf` has listed these members. */
export function afterRead(before: Membership | undefined, listed: Members, asOf: number): Membership {
  if (before === undefined) return { ...unknown, members: listed, asOf };
  if (asOf < before.asOf) return before;
  const changes = new Map([...before.changes].filter(([, { at }]) => at >= asOf));
  const members = corrected(listed, changes);
  const unchanged = sameMembers(before.members, members);
  return { ...before, members: unchanged ? before.members : members, asOf, changes };
}

/**
 * Returns the membership after the response to a change. The list in the response is treated as a read that was sent at
 * `sentAt`. If it contradicts the change or does not include a known member, the members are doubtful: moto and
 * LocalStack return an empty list.
 */
export function afterChange(
  before: Membership = unknown,
  { added = [], removed = [] }: Change,
  { listed, sentAt, at, isChanging }: ChangeAnswer,
): Membership {
  const changes = new Map(before.changes);
  for (const id of added) changes.set(id, { isMember: true, at });
  for (const id of removed) changes.set(id, { isMember: false, at });
  const known = { ...before, changes, members: corrected(before.members, changes), changedAt: at };
  const doubted = { ...known, doubtedAt: at };
  // If two changes of one instance were in flight at the same time, the order of their responses can differ from the
  // order of their effects.
  const overlaps = (id: InstanceId): boolean =>
    isChanging(id) || (before.changes.get(id)?.at ?? -Infinity) >= sentAt;
  if ([...added, ...removed].some(overlaps)) return doubted;
  const inAnswer = new Set(listed);
  if (listed === undefined || !added.every((id) => inAnswer.has(id))) return doubted;
  if (removed.some((id) => inAnswer.has(id))) return doubted;
  if (sentAt < known.asOf) return known;
  const read = afterRead(known, listed, sentAt);
  const inRead = new Set(read.members);
  return known.members.every((id) => inRead.has(id) || isChanging(id)) ? read : doubted;
}

/** Returns the membership after a change whose outcome is unknown. */
export function afterDoubt(before: Membership, at: number): Membership {
  return { ...before, doubtedAt: at, changedAt: at };
}

function corrected(listed: Members, changes: ReadonlyMap<InstanceId, AnsweredChange>): Members {
  if (changes.size === 0) return listed;
  const inList = new Set(listed);
  const missing = [...changes].filter(([id, { isMember }]) => isMember && !inList.has(id));
  return [...listed.filter((id) => changes.get(id)?.isMember !== false), ...missing.map(([id]) => id)];
}

function sameMembers(a: Members, b: Members): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}
