import type { Draining } from '../../../load-balancers/health/draining-check.ts';
import type { HealthEntry } from '../../../load-balancers/member-health.ts';
import type { InServiceForecast } from '../../../load-balancers/changes/last-in-service-guard.ts';
import type { MachineInfo } from '../../../load-balancers/instance.ts';
import { type PresentedHealth, shapeHealth } from './health.ts';
import { type PresentedInstance, shapeInstance } from './instance.ts';
import type { Envelope } from './text.ts';

/** The sentences that describe what the change would do without `dryRun`. */
export const dryRunNote = {
  attach: (instanceId: string, elbName: string, draining?: Draining) =>
    `${instanceId} would be attached to ${elbName}; nothing was changed${draining === undefined ? '' : `; ${drains(draining)}`}`,
  detach: (instanceId: string, elbName: string, inService: InServiceForecast | undefined) =>
    `${instanceId} would be detached from ${elbName}; nothing was changed${remaining(inService)}`,
};

function drains({ until }: Draining): string {
  const end = until === undefined ? '' : ` until ${until.toISOString()} at the latest`;
  return `its connections from an earlier attachment are still draining${end}`;
}

/**
 * Returns the note for an instance that was attached while it drains. AWS can deregister such an instance; see
 * `DrainingCheck`.
 */
export function drainingFacts(
  instanceId: string,
  elbName: string,
  draining: Draining | undefined,
): Pick<ChangeFacts, 'note' | 'drainingUntil'> {
  if (draining === undefined) return {};
  return {
    note:
      `${instanceId} was attached to ${elbName}, and ${drains(draining)}; AWS may deregister it when draining ends, ` +
      `so check GET /elb/${elbName}/health afterwards, or attach with wait=in-service`,
    ...drainingUntil(draining),
  };
}

/** Returns the time at which draining ends, if known. */
export function drainingUntil(draining: Draining | undefined): Pick<ChangeFacts, 'drainingUntil'> {
  return draining?.until === undefined ? {} : { drainingUntil: draining.until };
}

function remaining(inService: InServiceForecast | undefined): string {
  if (inService === undefined) return '';
  return 'unknown' in inService
    ? `; it is unknown how many instances would remain in service, because ${inService.unknown}`
    : `; ${inService.after} of ${inService.before} would remain in service`;
}

/** Returns the number of in-service members before and after the change that a dry run describes, if known. */
export function inServiceCounts(
  inService: InServiceForecast | undefined,
): Pick<ChangeFacts, 'inServiceBefore' | 'inServiceAfter'> {
  return inService === undefined || 'unknown' in inService
    ? {}
    : { inServiceBefore: inService.before, inServiceAfter: inService.after };
}

/** The fields that a change adds to the instance. `Change` in the API contract describes each field. */
export interface ChangeFacts {
  readonly dryRun?: true;
  readonly note?: string;
  readonly drainingUntil?: Date;
  readonly inServiceBefore?: number;
  readonly inServiceAfter?: number;
  readonly health?: HealthEntry;
}

/** `Change` in the API contract: `MachineInfo` and the added fields. */
export interface PresentedChange extends PresentedInstance, Omit<ChangeFacts, 'drainingUntil' | 'health'> {
  readonly drainingUntil?: string;
  readonly health?: PresentedHealth;
}

/**
 * Returns the change of one instance, enveloped. The response has the same shape for a dry run, a change and a wait.
 */
export function presentChange(instance: MachineInfo, facts: ChangeFacts = {}): Envelope<PresentedChange> {
  const { dryRun, note, drainingUntil, inServiceBefore, inServiceAfter, health } = facts;
  return {
    message: {
      ...shapeInstance(instance),
      ...(dryRun !== undefined && { dryRun }),
      ...(note !== undefined && { note }),
      ...(drainingUntil !== undefined && { drainingUntil: drainingUntil.toISOString() }),
      ...(inServiceBefore !== undefined && { inServiceBefore }),
      ...(inServiceAfter !== undefined && { inServiceAfter }),
      ...(health !== undefined && { health: shapeHealth(health) }),
    },
  };
}
