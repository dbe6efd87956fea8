import type { DomainError } from '../../errors.ts';
import type { InstanceId } from '../instance.ts';
import { isDoubtful, isDrained, isHealthy, type MemberHealth } from '../member-health.ts';

export type AwaitedState = 'in-service' | 'drained';

export interface LastHealth {
  /** The most recent health that AWS returned. */
  readonly last?: MemberHealth;
  /** The failure of the most recent read. */
  readonly trouble?: DomainError;
}

/** How a wait ended. `closing` means that the service is closing. */
export type WaitEnd =
  | ({ readonly how: 'reached' | 'timed-out' | 'disconnected' | 'closing' } & LastHealth)
  /** The instance is no longer a member. `drained` is true if the instance was seen draining during the wait. */
  | { readonly how: 'lost'; readonly drained: boolean }
  | { readonly how: 'failed'; readonly error: unknown };

/**
 * The members are checked after this many consecutive inconclusive reads, because the first read can occur before the
 * change has propagated.
 */
const doubtsBeforeCheck = 2;

/** A wait for one instance to reach a state. */
export class AwaitedInstance {
  readonly instanceId: InstanceId;
  readonly #state: AwaitedState;
  readonly #resolve: (end: WaitEnd) => void;
  #last: MemberHealth | undefined;
  #trouble: DomainError | undefined;
  #sawDraining = false;
  /** The number of consecutive reads that did not show whether the instance is a member. */
  #doubts = 0;

  constructor(instanceId: InstanceId, state: AwaitedState, resolve: (end: WaitEnd) => void) {
    this.instanceId = instanceId;
    this.#state = state;
    this.#resolve = resolve;
  }

  /** Processes the health from a read. Returns true if the members must be checked. */
  update(health: MemberHealth | undefined): boolean {
    this.#trouble = undefined;
    this.#last = health;
    this.#doubts = isDoubtful(health) ? this.#doubts + 1 : 0;
    if (this.#state === 'drained') {
      if (!isDrained(health)) return this.#doubts > 0;
      this.end('reached');
      return false;
    }
    if (health !== undefined && isHealthy(health)) this.end('reached');
    else if (health?.condition === 'draining') this.#sawDraining = true;
    return this.#doubts >= doubtsBeforeCheck;
  }

  /** Processes the failure of a read. The next read may succeed. */
  fail(error: DomainError): void {
    this.#trouble = error;
  }

  /** Ends the wait for a former member, which has no connections left and cannot come into service. */
  endAsFormerMember(): void {
    if (this.#state === 'drained') this.end('reached');
    else this.#resolve({ how: 'lost', drained: this.#sawDraining });
  }

  end(how: 'reached' | 'timed-out' | 'disconnected' | 'closing'): void {
    const [last, trouble] = [this.#last, this.#trouble];
    this.#resolve({ how, ...(last && { last }), ...(trouble && { trouble }) });
  }

  endWith(error: unknown): void {
    this.#resolve({ how: 'failed', error });
  }
}
