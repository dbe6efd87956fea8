import type { MachineInfo } from '../instance.ts';

/** How a change is to be made. */
export interface ChangeOptions {
  /** Run every check, and change nothing. */
  readonly dryRun?: boolean;
  /** Detach even the last member in service. */
  readonly force?: boolean;
  /** The name of the caller, for the log. */
  readonly actor?: string | undefined;
  /** The id of the request, for the log. */
  readonly requestId?: string;
  /** Returns whether these members, as a list has them, are those for which the caller wants the change. */
  readonly ifMatch?: ((members: readonly MachineInfo[]) => boolean) | undefined;
}
