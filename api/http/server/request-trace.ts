import { type AwsTrace, startTrace } from '../../telemetry/aws-trace.ts';
import type { Clock } from '../../clock.ts';
import type { AppContext } from '../context.ts';

export interface TraceDeps {
  /** The time limit for the AWS calls of one request, in milliseconds. */
  readonly deadlineMs: number;
  readonly clock: Clock;
  /** Whether to make a single attempt, even during a pause of the budget. */
  readonly probe?: boolean;
}

/** Starts the trace and the time limit for the AWS calls of a request. The request log includes the trace. */
export function traceRequest(ctx: AppContext, { clock, deadlineMs, probe }: TraceDeps): AwsTrace {
  return (ctx.state.trace = startTrace(clock, deadlineMs, { ...(probe === true && { probe }) }));
}
