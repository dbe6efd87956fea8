import type { MachineInfo } from '../load-balancers/machine.ts';

/** The envelope around every JSON answer. */
export interface Envelope<T> {
  readonly message: T;
}

/** `MachineInfo` of the contract: the launch date is RFC 3339 in UTC with milliseconds; what is not known is "unknown". */
export interface PresentedMachine {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly launchDate: string;
}

/** Returns the enveloped text: the sentence of an error, or the "ok" of a health check. */
export function presentText(message: string): Envelope<string> {
  return { message };
}

/** Returns one machine, enveloped. */
export function presentMachine(machine: MachineInfo): Envelope<PresentedMachine> {
  return { message: shapeMachine(machine) };
}

/** Returns machines in the order given, enveloped. */
export function presentMachines(machines: readonly MachineInfo[]): Envelope<PresentedMachine[]> {
  return { message: machines.map(shapeMachine) };
}

function shapeMachine({ instanceId, instanceType, launchDate }: MachineInfo): PresentedMachine {
  return {
    instanceId,
    instanceType: instanceType ?? 'unknown',
    launchDate: launchDate?.toISOString() ?? 'unknown',
  };
}
