import { DomainError } from '../../errors.ts';
import { type ElbName, parseElbName } from '../../load-balancers/instance.ts';
import { shorten } from './shorten.ts';

/** Returns the load balancer name in the path. Throws `elb_not_found` if the name is invalid. */
export function readElbName(raw: string | undefined): ElbName {
  const name = parseElbName(raw ?? '');
  if (name !== undefined) return name;
  throw new DomainError(
    'elb_not_found',
    `the elb does not exist: "${shorten(raw ?? '')}" is not a valid load balancer name`,
    {
      advice: 'use 1 to 32 letters, digits or hyphens; do not start or end with a hyphen',
    },
  );
}
