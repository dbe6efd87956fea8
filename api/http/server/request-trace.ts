import { type AwsTrace, startTrace } from '../../telemetry/aws-trace.ts';
import type { Clock } from '../../clock.ts';
import type { AppContext } from '../context.ts';

export interface TraceDeps {
  /** Milliseconds that one request may spend on AWS. */
  readonly deadlineMs: number;
  readonly clock: Clock;
}

/** Starts the trace of the AWS calls of a request, whose time starts to run now; the log has it. */
export function traceRequest(ctx: AppContext, { clock, deadlineMs }: TraceDeps): AwsTrace {
  return (ctx.state.trace = startTrace(clock, deadlineMs));
}
