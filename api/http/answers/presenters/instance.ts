import type { MachineInfo } from '../../../load-balancers/instance.ts';
import type { Envelope } from './text.ts';

/**
 * `MachineInfo` in the API contract. The launch date is in RFC 3339 format, in UTC with milliseconds. Unknown values
 * are "unknown".
 */
export interface PresentedInstance {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly launchDate: string;
}

/** Returns the instances in the given order, enveloped. */
export function presentInstances(instances: readonly MachineInfo[]): Envelope<PresentedInstance[]> {
  return { message: instances.map(shapeInstance) };
}

export function shapeInstance({ instanceId, instanceType, launchDate }: MachineInfo): PresentedInstance {
  return {
    instanceId,
    instanceType: instanceType ?? 'unknown',
    launchDate: launchDate?.toISOString() ?? 'unknown',
  };
}
