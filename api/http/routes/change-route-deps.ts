import type { MembershipChanges } from '../../load-balancers/changes/membership-changes.ts';
import type { WaitDeps } from '../answers/change-answer.ts';
import type { Pipeline } from '../server/pipeline.ts';
import type { TraceDeps } from '../server/request-trace.ts';

export interface ChangeRouteDeps extends TraceDeps, WaitDeps {
  readonly changes: MembershipChanges;
  readonly pipeline: Pipeline;
}
