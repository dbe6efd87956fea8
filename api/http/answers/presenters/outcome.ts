import { DomainError, type ErrorCode } from '../../../errors.ts';
import type { ChangeOutcome } from '../../../load-balancers/changes/change-outcomes.ts';
import type { Draining } from '../../../load-balancers/health/draining-check.ts';
import type { Change } from '../../context.ts';
import { errorStatus } from '../error-status.ts';
import { drainingFacts, presentChange, type PresentedChange } from './change.ts';
import type { Envelope } from './text.ts';

/** The outcome for one instance in a batch: the response that a request for this instance alone would receive. */
export interface PresentedOutcome {
  readonly instanceId: string;
  readonly status: number;
  readonly message: PresentedChange | string;
  /** Present if the change of this instance failed. */
  readonly code?: ErrorCode;
}

/** Returns the sentence that describes what the change would do without `dryRun`. */
export type DryRunNote = (instanceId: string, draining?: Draining) => string;

/** Returns the outcomes in the given order, enveloped. */
export function presentOutcomes(
  outcomes: readonly ChangeOutcome[],
  { elbName, dryRun }: Change,
  note: DryRunNote,
): Envelope<PresentedOutcome[]> {
  return {
    message: outcomes.map(({ instanceId, result, draining }) => {
      if (result instanceof DomainError) {
        const { code, message } = result;
        return { instanceId, status: errorStatus[code], message, code };
      }
      const message = dryRun
        ? note(instanceId, draining)
        : presentChange(result, drainingFacts(instanceId, elbName, draining)).message;
      return { instanceId, status: dryRun ? 200 : 201, message };
    }),
  };
}
