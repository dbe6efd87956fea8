import { DomainError } from '../errors.ts';
import { startTrace, type AwsTrace } from '../telemetry.ts';
import type { Members } from './load-balancer-gateway.ts';
import type { ElbName, InstanceId } from './machine.ts';
import { fulfilledWithin } from './patience.ts';

/** What a Register under way is waited for, so that those who come meanwhile share the next one, in milliseconds. */
const patienceMs = 100;

interface Joined {
  readonly instanceId: InstanceId;
  readonly trace: AwsTrace;
  readonly resolve: (listed: Members) => void;
  readonly reject: (error: unknown) => void;
}

interface Queue {
  waiting: Joined[];
}

/** Registers instances, one call of AWS for all that come together for one load balancer. */
export class Registrations {
  /** Registers these instances in a call of their own. Throws what the gateway throws. */
  readonly alone: (elbName: ElbName, instanceIds: Members, trace: AwsTrace) => Promise<Members>;
  readonly #queues = new Map<ElbName, Queue>();

  constructor(register: Registrations['alone']) {
    this.alone = register;
  }

  /** Registers the instance together with others. Throws what the gateway throws for it. */
  together(elbName: ElbName, instanceId: InstanceId, trace: AwsTrace): Promise<Members> {
    return new Promise((resolve, reject) => {
      const joined = { instanceId, trace, resolve, reject };
      const queue = this.#queues.get(elbName);
      if (queue !== undefined) {
        queue.waiting.push(joined);
        return;
      }
      this.#queues.set(elbName, { waiting: [joined] });
      // Those whose checks were answered by the same call come in the same turn of the event loop.
      setImmediate(() => void this.#serve(elbName));
    });
  }

  async #serve(elbName: ElbName): Promise<void> {
    const queue = this.#queues.get(elbName);
    while (queue !== undefined && queue.waiting.length > 0) {
      const group = queue.waiting;
      queue.waiting = [];
      await fulfilledWithin(this.#register(elbName, group), patienceMs);
    }
    this.#queues.delete(elbName);
  }

  /** Never rejects: each of the group is told its own end. */
  async #register(elbName: ElbName, group: readonly Joined[]): Promise<void> {
    const [first] = group;
    if (first === undefined) return;
    if (group.length === 1) {
      await this.alone(elbName, [first.instanceId], first.trace).then(first.resolve, first.reject);
      return;
    }
    const deadlineMs = Math.min(...group.map(({ trace }) => trace.deadlineAt)) - performance.now();
    const trace = startTrace(Math.max(0, Math.floor(deadlineMs)));
    try {
      const ids = group.map(({ instanceId }) => instanceId);
      const listed = await this.alone(elbName, ids, trace);
      for (const joined of group) {
        joined.trace.requestIds.push(...trace.requestIds);
        joined.resolve(listed);
      }
    } catch (error) {
      if (!(error instanceof DomainError && error.code === 'instance_refused')) {
        for (const joined of group) joined.reject(error);
        return;
      }
      // AWS took none for the sake of one: each gets AWS's own word.
      for (const joined of group)
        await this.alone(elbName, [joined.instanceId], joined.trace).then(joined.resolve, joined.reject);
    }
  }
}
