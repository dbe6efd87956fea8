import type { MachineInfo } from '../../../load-balancers/instance.ts';
import type { Envelope } from './text.ts';

/** `MachineInfo` of the contract: the launch date is RFC 3339 in UTC with milliseconds; what is not known is "unknown". */
export interface PresentedInstance {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly launchDate: string;
}

/** Returns machines in the order given, enveloped. */
export function presentInstances(machines: readonly MachineInfo[]): Envelope<PresentedInstance[]> {
  return { message: machines.map(shapeInstance) };
}

export function shapeInstance({ instanceId, instanceType, launchDate }: MachineInfo): PresentedInstance {
  return {
    instanceId,
    instanceType: instanceType ?? 'unknown',
    launchDate: launchDate?.toISOString() ?? 'unknown',
  };
}
