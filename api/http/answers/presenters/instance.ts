import type { MachineInfo } from '../../../load-balancers/machine.ts';
import type { Envelope } from './text.ts';

/** `MachineInfo` of the contract: the launch date is RFC 3339 in UTC with milliseconds; what is not known is "unknown". */
export interface PresentedMachine {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly launchDate: string;
}

/** Returns machines in the order given, enveloped. */
export function presentMachines(machines: readonly MachineInfo[]): Envelope<PresentedMachine[]> {
  return { message: machines.map(shapeMachine) };
}

export function shapeMachine({ instanceId, instanceType, launchDate }: MachineInfo): PresentedMachine {
  return {
    instanceId,
    instanceType: instanceType ?? 'unknown',
    launchDate: launchDate?.toISOString() ?? 'unknown',
  };
}
