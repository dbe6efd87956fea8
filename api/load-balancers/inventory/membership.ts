import type { InstanceId, Members } from '../instance.ts';

/**
 * The known members of one load balancer. Times are on the clock of the inventory.
 *
 * AWS's calls overlap, so an answer can be older than the answer to a change that came before it. A call that left
 * after a change was answered shows that change; a call that left earlier may not. So each list is corrected by the
 * changes that were answered after its call had left.
 */
export interface Membership {
  /** The members in AWS's order, corrected by `changes`. The same array as long as they stay the same. */
  readonly members: Members;
  /** When the call left whose answer listed the members; -Infinity where no answer has. */
  readonly asOf: number;
  /** The last change of each instance, if it was answered at `asOf` or later. */
  readonly changes: ReadonlyMap<InstanceId, AnsweredChange>;
  /** When the outcome of a change was last unknown, or AWS's answers contradicted each other; else -Infinity. */
  readonly doubtedAt: number;
  /** When a change was last answered, or its outcome was unknown; else -Infinity. */
  readonly changedAt: number;
}

export interface AnsweredChange {
  readonly isMember: boolean;
  /** When AWS's answer arrived. */
  readonly at: number;
}

/** Instances that were attached, or detached. */
export interface Change {
  readonly added?: Members;
  readonly removed?: Members;
}

/** AWS's answer to a change. */
export interface ChangeAnswer {
  /** The members that AWS lists; undefined where the answer was lost. */
  readonly listed: Members | undefined;
  /** When the call left. */
  readonly sentAt: number;
  /** When the answer arrived. */
  readonly at: number;
  /** Whether another change of the instance has no answer yet, so that AWS's lists may show it or not. */
  readonly isChanging: (instanceId: InstanceId) => boolean;
}

const unknown: Membership = {
  members: [],
  asOf: -Infinity,
  changes: new Map(),
  doubtedAt: -Infinity,
  changedAt: -Infinity,
};

/** Returns whether the members must be read again before they count as fresh. */
export function isDoubtful({ asOf, doubtedAt }: Pick<Membership, 'asOf' | 'doubtedAt'>): boolean {
  return doubtedAt >= asOf;
}

/** Returns the membership after a call that left at `asOf` listed these members. */
export function afterRead(before: Membership | undefined, listed: Members, asOf: number): Membership {
  if (before === undefined) return { ...unknown, members: listed, asOf };
  if (asOf < before.asOf) return before;
  const changes = new Map([...before.changes].filter(([, { at }]) => at >= asOf));
  const members = corrected(listed, changes);
  const unchanged = sameMembers(before.members, members);
  return { ...before, members: unchanged ? before.members : members, asOf, changes };
}

/**
 * Returns the membership after AWS answered a change. The change itself holds from now on. AWS's list counts as that
 * of a call that left at `sentAt`, unless it contradicts the change or lacks a known member: moto and LocalStack
 * answer an empty list. Then the members are doubtful.
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
  // Two changes of the same instance were in flight at once: the order of their answers is not that of their effects.
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

/** Returns the membership after the outcome of a change stayed unknown. */
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
