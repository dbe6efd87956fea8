import { DomainError } from '../../errors.ts';
import type { MachineInfo } from '../../load-balancers/instance.ts';
import type { AppContext } from '../context.ts';
import { etagOf, ifMatchAllows } from '../answers/conditional-response.ts';
import { presentInstances } from '../answers/presenters/instance.ts';

/** Returns whether the members are still those for which the caller wants the change. */
export type IfMatch = (members: readonly MachineInfo[]) => boolean;

/** Conditions that make sense for reads only; to drop them would make a change that the caller has not asked for. */
const ofReads = ['If-None-Match', 'If-Modified-Since', 'If-Range'];

/**
 * Returns the condition of If-Match on a change, or undefined without one: the ETag of the list of members is one of
 * those named, by strong comparison (RFC 9110, 13.1.1); `*` holds for each load balancer that exists. If-Unmodified-Since
 * is ignored, since a list has no modification date (13.1.4). Throws `wrong_condition` for the conditions of reads.
 */
export function readIfMatch(ctx: AppContext): IfMatch | undefined {
  const misplaced = ofReads.find((field) => ctx.get(field) !== '');
  if (misplaced !== undefined) {
    throw new DomainError('wrong_condition', `a change does not support ${misplaced}`, {
      advice: 'send If-Match with the ETag of the list, or no condition',
    });
  }
  const field = ctx.req.headers['if-match'];
  if (field === undefined || field.trim() === '*') return undefined;
  return (members) => ifMatchAllows(field, etagOf(JSON.stringify(presentInstances(members))));
}
