import { DomainError } from '../../errors.ts';
import type { ChangeOutcome } from '../../load-balancers/changes/change-outcomes.ts';
import type { ChangeContext } from '../context.ts';
import { errorStatus } from './error-status.ts';
import { type DryRunNote, presentOutcomes } from './presenters/outcome.ts';

/** Responds with 207 and one outcome per instance. `note` describes the change in a dry run. */
export function answerOutcomes(
  ctx: ChangeContext,
  outcomes: readonly ChangeOutcome[],
  note: DryRunNote,
): void {
  const { change } = ctx.state;
  const success = change.dryRun ? 200 : 201;
  // A repeated instance has several outcomes; the first is that of the change.
  const resultOf = (id: string) => outcomes.find(({ instanceId }) => instanceId === id)?.result;
  change.outcomes = Object.fromEntries(
    change.instanceIds.map((id) => {
      const result = resultOf(id);
      return [id, result instanceof DomainError ? result : success];
    }),
  );
  ctx.state.error = Object.values(change.outcomes).find(
    (outcome) => outcome instanceof DomainError && errorStatus[outcome.code] >= 500,
  );
  ctx.body = presentOutcomes(outcomes, change, note);
  ctx.status = 207;
}
