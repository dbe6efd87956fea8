import type { Condition, HealthEntry } from '../../../load-balancers/member-health.ts';
import type { Envelope } from './text.ts';

/** `HealthEntry` in the API contract. */
export interface PresentedHealth {
  readonly instanceId: string;
  readonly state: string;
  readonly reasonCode: string;
  readonly description: string;
  readonly condition: Condition;
  readonly availabilityZone: string;
  readonly instanceState: string;
  readonly why: string;
}

/** Returns the health of the members in the given order, enveloped. */
export function presentHealth(entries: readonly HealthEntry[]): Envelope<PresentedHealth[]> {
  return { message: entries.map(shapeHealth) };
}

export function shapeHealth(entry: HealthEntry): PresentedHealth {
  const { instanceId, state, reasonCode, description, condition, availabilityZone, instanceState, why } =
    entry;
  return {
    instanceId,
    state,
    reasonCode,
    description,
    condition,
    availabilityZone: availabilityZone ?? 'unknown',
    instanceState: instanceState ?? 'unknown',
    why,
  };
}
