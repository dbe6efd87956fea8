import { DomainError } from '../../errors.ts';
import { type AwsTrace, startTrace } from '../../telemetry/aws-trace.ts';
import type { Clock } from '../../clock.ts';
import { type Failures, retryWithoutRefused } from './retry-without-refused.ts';
import type { ElbName, Members } from '../instance.ts';
import { fulfilledWithin, headStartMs, withinDeadline } from '../../async/deadlines.ts';

/** How long a call in flight delays the next call, in milliseconds. Later callers share that next call. */
const nextCallAfterMs = 100;

/** Registers the instances in one call. Throws a DomainError if it fails. */
export type Register = (elbName: ElbName, instanceIds: Members, trace: AwsTrace) => Promise<void>;

interface Request {
  readonly instanceIds: Members;
  readonly trace: AwsTrace;
  readonly settle: (failures: Promise<Failures>) => void;
}

/** Registers instances with a load balancer. Concurrent callers share one call. */
export class RegisterBatcher {
  readonly #register: Register;
  readonly #clock: Clock;
  readonly #queues = new Map<ElbName, Request[]>();

  constructor(register: Register, clock: Clock) {
    this.#register = register;
    this.#clock = clock;
  }

  /**
   * Registers the instances and returns the failures. If AWS rejects an instance, the other instances in the call are
   * still registered. The caller must hold the locks of the instances.
   */
  register(elbName: ElbName, instanceIds: Members, trace: AwsTrace): Promise<Failures> {
    return new Promise((settle) => {
      const request = { instanceIds, trace, settle };
      const queue = this.#queues.get(elbName);
      if (queue !== undefined) {
        queue.push(request);
        return;
      }
      this.#queues.set(elbName, [request]);
      // Callers whose checks shared a call continue in the same turn of the event loop, so they can share this call.
      setImmediate(() => void this.#serve(elbName));
    });
  }

  async #serve(elbName: ElbName): Promise<void> {
    const queue = this.#queues.get(elbName);
    while (queue !== undefined && queue.length > 0) {
      const group = queue.splice(0);
      await fulfilledWithin(this.#registerAll(elbName, group), nextCallAfterMs, this.#clock);
    }
    this.#queues.delete(elbName);
  }

  async #registerAll(elbName: ElbName, group: readonly Request[]): Promise<void> {
    const trace = sharedTrace(group, this.#clock);
    const instanceIds = group.flatMap((request) => request.instanceIds);
    const failures = retryWithoutRefused(instanceIds, trace.deadline, (ids) =>
      this.#register(elbName, ids, trace),
    );
    for (const request of group)
      request.settle(trace === request.trace ? failures : failuresOf(failures, request, trace));
    await failures;
  }
}

/**
 * Returns the trace of the only caller, or a new trace whose deadline is close to the latest deadline of the callers.
 */
function sharedTrace(group: readonly Request[], clock: Clock): AwsTrace {
  const [first] = group;
  if (first !== undefined && group.length === 1) return first.trace;
  const deadlineAt = Math.max(...group.map(({ trace }) => trace.deadlineAt));
  return startTrace(clock, deadlineAt - headStartMs - clock.now());
}

/** Returns the failures for one caller, whose deadline may be earlier than the deadline of the call. */
async function failuresOf(
  shared: Promise<Failures>,
  { instanceIds, trace }: Request,
  { requestIds }: AwsTrace,
): Promise<Failures> {
  try {
    const failures = await withinDeadline(shared, 'the change', trace);
    trace.requestIds.push(...requestIds);
    return new Map([...failures].filter(([id]) => instanceIds.includes(id)));
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return new Map(instanceIds.map((id) => [id, error]));
  }
}
