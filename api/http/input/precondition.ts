import { DomainError } from '../../errors.ts';
import type { MachineInfo } from '../../load-balancers/instance.ts';
import type { AppContext } from '../context.ts';
import { etagOf, ifMatchAllows } from '../answers/conditional-response.ts';
import { presentInstances } from '../answers/presenters/instance.ts';

/** Returns true if the ETag of this list of members is in If-Match. */
export type IfMatch = (members: readonly MachineInfo[]) => boolean;

/** Conditions that apply only to reads. A change that ignored them would be unconditional. */
const readConditions = ['If-None-Match', 'If-Modified-Since', 'If-Range'];

/**
 * Returns the condition in If-Match, which is met if the header contains the ETag of the list of members by strong
 * comparison (RFC 9110, 13.1.1). Returns undefined if If-Match is absent or `*`. Ignores If-Unmodified-Since, because a
 * list has no modification date (13.1.4). Throws `wrong_condition` if the request has conditions that apply only to
 * reads.
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
