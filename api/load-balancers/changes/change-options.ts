import type { MachineInfo } from '../instance.ts';

export interface ChangeOptions {
  /** Whether to run every check without making the change. */
  readonly dryRun?: boolean;
  /** Whether to detach the instance even if it is the last member in service. */
  readonly force?: boolean;
  /** The name of the principal, for the log. */
  readonly actor?: string | undefined;
  /** The id of the request, for the log. */
  readonly requestId?: string;
  /** The id of the request's trace, for the log. */
  readonly traceId?: string | undefined;
  /** Returns true if the current members match If-Match of the request. */
  readonly ifMatch?: ((members: readonly MachineInfo[]) => boolean) | undefined;
}
