import { DomainError, type ErrorCode } from '../../../errors.ts';
import type { Draining } from '../../../load-balancers/health/draining-check.ts';
import type { ChangeOutcome } from '../../../load-balancers/changes/change-outcomes.ts';
import { errorStatus } from '../error-status.ts';
import { drainingFacts, presentChange, type PresentedChange } from './change.ts';
import type { Envelope } from './text.ts';

/** What became of one instance of many: what its own request would have answered. */
export interface PresentedOutcome {
  readonly instanceId: string;
  readonly status: number;
  readonly message: PresentedChange | string;
  /** Present where this instance was refused. */
  readonly code?: ErrorCode;
}

/** What became of an instance as the caller named it, which may be no instance's id. */
export interface NamedOutcome extends Pick<ChangeOutcome, 'result' | 'draining'> {
  readonly instanceId: string;
}

/** Returns outcomes in the order given, enveloped; in a dry run, `note` is the sentence of what would be done. */
export function presentOutcomes(
  elbName: string,
  outcomes: readonly NamedOutcome[],
  note?: (instanceId: string, draining?: Draining) => string,
): Envelope<PresentedOutcome[]> {
  return {
    message: outcomes.map(({ instanceId, result, draining }) => {
      if (result instanceof DomainError) {
        const { code, message } = result;
        return { instanceId, status: errorStatus[code], message, code };
      }
      return note === undefined
        ? {
            instanceId,
            status: 201,
            message: presentChange(result, drainingFacts(instanceId, elbName, draining)).message,
          }
        : { instanceId, status: 200, message: note(instanceId, draining) };
    }),
  };
}
