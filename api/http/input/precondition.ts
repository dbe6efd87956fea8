import { DomainError } from '../../errors.ts';
import type { MachineInfo } from '../../load-balancers/instance.ts';
import type { AppContext } from '../context.ts';
import { etagOf, ifMatchAllows } from '../answers/conditional-response.ts';
import { presentInstances } from '../answers/presenters/instance.ts';

/** Returns whether the members are the list that If-Match names. */
export type IfMatch = (members: readonly MachineInfo[]) => boolean;

/** Conditions of reads; a change that ignored them would be unconditional. */
const readConditions = ['If-None-Match', 'If-Modified-Since', 'If-Range'];

/**
 * Returns the condition of If-Match: it contains the ETag of the list of members by strong comparison (RFC 9110, 13.1.1).
 * Returns undefined if If-Match is absent or `*`. If-Unmodified-Since is ignored, because a list has no modification date
 * (13.1.4). Throws `wrong_condition` for conditions of reads.
 */
export function readIfMatch(ctx: AppContext): IfMatch | undefined {
  const misplaced = readConditions.find((field) => ctx.get(field) !== '');
  if (misplaced !== undefined) {
    throw new DomainError('wrong_condition', `a change does not support ${misplaced}`, {
      advice: 'send If-Match with the ETag of the list, or no condition',
    });
  }
  const field = ctx.req.headers['if-match'];
  if (field === undefined || field.trim() === '*') return undefined;
  return (members) => ifMatchAllows(field, etagOf(JSON.stringify(presentInstances(members))));
}
