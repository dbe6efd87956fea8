import { DomainError } from '../../errors.ts';
import { type AwsTrace, startTrace } from '../../telemetry/aws-trace.ts';
import type { Clock } from '../../clock.ts';
import { type Failures, retryWithoutRefused } from './retry-without-refused.ts';
import type { ElbName, Members } from '../instance.ts';
import { fulfilledWithin, withinDeadline } from '../../async/deadlines.ts';

/** How long a Register in flight delays the next one, so that callers who come meanwhile share it, in milliseconds. */
const patienceMs = 100;
/** A shared call ends this much before the last of its callers gives up, so that the caller gets the cause. */
const headStartMs = 100;

/** Registers instances in one call of AWS. Throws DomainErrors. */
export type Register = (elbName: ElbName, instanceIds: Members, trace: AwsTrace) => Promise<void>;

interface Joined {
  readonly instanceIds: Members;
  readonly trace: AwsTrace;
  readonly settle: (failures: Promise<Failures>) => void;
}

/** Registers instances, in one call of AWS for all callers who come together for one load balancer. */
export class RegisterBatcher {
  readonly #register: Register;
  readonly #clock: Clock;
  readonly #queues = new Map<ElbName, Joined[]>();

  constructor(register: Register, clock: Clock) {
    this.#register = register;
    this.#clock = clock;
  }

  /**
   * Registers the instances, which no other caller registers at this moment, and returns the failures. An instance that
   * AWS refuses does not fail the others of the call, whichever caller named it.
   */
  join(elbName: ElbName, instanceIds: Members, trace: AwsTrace): Promise<Failures> {
    return new Promise((settle) => {
      const joined = { instanceIds, trace, settle };
      const queue = this.#queues.get(elbName);
      if (queue !== undefined) {
        queue.push(joined);
        return;
      }
      this.#queues.set(elbName, [joined]);
      // Callers whose checks were answered by the same call come in the same turn of the event loop.
      setImmediate(() => void this.#serve(elbName));
    });
  }

  async #serve(elbName: ElbName): Promise<void> {
    const queue = this.#queues.get(elbName);
    while (queue !== undefined && queue.length > 0) {
      const group = queue.splice(0);
      await fulfilledWithin(this.#registerAll(elbName, group), patienceMs, this.#clock);
    }
    this.#queues.delete(elbName);
  }

  async #registerAll(elbName: ElbName, group: readonly Joined[]): Promise<void> {
    const trace = sharedTrace(group, this.#clock);
    const instanceIds = group.flatMap((joined) => joined.instanceIds);
    const failures = retryWithoutRefused(instanceIds, trace.deadline, (ids) =>
      this.#register(elbName, ids, trace),
    );
    for (const joined of group)
      joined.settle(trace === joined.trace ? failures : partOf(failures, joined, trace));
    await failures;
  }
}

/** The trace of the only caller, else one that lasts about as long as the longest of theirs. */
function sharedTrace(group: readonly Joined[], clock: Clock): AwsTrace {
  const [first] = group;
  if (first !== undefined && group.length === 1) return first.trace;
  const deadlineAt = Math.max(...group.map(({ trace }) => trace.deadlineAt));
  return startTrace(clock, Math.max(0, Math.floor(deadlineAt - headStartMs - clock.now())));
}

/** What became of the call for one of its callers, who may have to give up earlier. */
async function partOf(
  shared: Promise<Failures>,
  { instanceIds, trace }: Joined,
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
