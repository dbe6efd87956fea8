import type { AwsTrace, Logger } from '../telemetry.ts';
import type { Clock } from '../time.ts';
import { Drainings } from './draining.ts';
import type { HealthReads } from './health-reads.ts';
import type { Inventory } from './inventory.ts';
import { KeyedLock } from './keyed-lock.ts';
import type { LastInService } from './last-in-service.ts';
import type { LoadBalancerGateway, Members } from './load-balancer-gateway.ts';
import type { ElbName, MachineInfo } from './machine.ts';
import type { RecentChanges } from './recent-changes.ts';
import { Registrations } from './registrations.ts';

export interface ChangePartsOptions {
  readonly gateway: LoadBalancerGateway;
  readonly inventory: Inventory;
  readonly changes: RecentChanges;
  readonly health: HealthReads;
  readonly lastInService: LastInService;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** How a change is to be made. */
export interface ChangeOptions {
  /** Go through every check, and change nothing. */
  readonly dryRun?: boolean;
  /** Detach even the last member in service. */
  readonly force?: boolean;
  /** The name of the caller, for the log. */
  readonly actor?: string | undefined;
  /** The id of the request, for the log. */
  readonly requestId?: string;
  /** Whether the members, as a list has them, are those for which the caller wants the change. */
  readonly ifMatch?: ((members: readonly MachineInfo[]) => boolean) | undefined;
}

/** What attaching and detaching have in common. */
export class ChangeParts {
  readonly inventory: Inventory;
  readonly lastInService: LastInService;
  readonly registrations: Registrations;
  readonly drainings: Drainings;
  readonly #options: ChangePartsOptions;
  readonly #locks = new KeyedLock();

  constructor(options: ChangePartsOptions) {
    this.#options = options;
    this.inventory = options.inventory;
    this.lastInService = options.lastInService;
    this.drainings = new Drainings(options.changes, options.health, options.clock);
    this.registrations = new Registrations((...change) => this.#register(...change), options.clock);
  }

  /**
   * Runs the task once those before it with one of these instances and this load balancer have settled. Conditional
   * ones of a load balancer exclude each other, whatever their instances: of two with one ETag, one is made.
   */
  locked<T>(
    elbName: ElbName,
    instanceIds: Members,
    { ifMatch }: Pick<ChangeOptions, 'ifMatch'>,
    task: () => Promise<T>,
  ): Promise<T> {
    // Sorted, so that two callers cannot deadlock.
    const keys = instanceIds.map((id) => `${elbName}/${id}`).sort();
    if (ifMatch !== undefined) keys.unshift(elbName);
    return keys.reduceRight<() => Promise<T>>((inner, key) => () => this.#locks.run(key, inner), task)();
  }

  /** Registers the instances. Throws what the gateway throws. */
  async #register(elbName: ElbName, instanceIds: Members, trace: AwsTrace): Promise<void> {
    const { gateway, changes, inventory } = this.#options;
    await inventory.changing(elbName, { added: instanceIds }, async () => {
      const listed = await gateway.register(elbName, instanceIds, trace);
      changes.attached(elbName, instanceIds);
      return listed;
    });
  }

  /** Deregisters the instances. Returns the members that AWS then lists; throws what the gateway throws. */
  deregister(elbName: ElbName, instanceIds: Members, trace: AwsTrace): Promise<Members | undefined> {
    const { gateway, changes, inventory } = this.#options;
    return inventory.changing(elbName, { removed: instanceIds }, async () => {
      const listed = await gateway.deregister(elbName, instanceIds, trace);
      changes.detached(elbName, instanceIds);
      return listed;
    });
  }

  /** Logs who detached instances without the check for the last one in service. */
  logForced(elbName: ElbName, instanceIds: Members, { actor, requestId }: ChangeOptions): void {
    this.#options.logger.warn(
      { principal: actor, requestId, elbName, instanceIds },
      'detached by force, without a look at whether it was the last one in service',
    );
  }

  /**
   * Warns the log where a detach leaves no member in service. That is known without a call of AWS where no member is
   * left, or where the health was read a short time before.
   */
  warnOfLastInService(
    elbName: ElbName,
    instanceIds: Members,
    listed: Members | undefined,
    { actor, requestId }: ChangeOptions,
  ): void {
    if (listed?.length !== 0 && !this.lastInService.wereLast(elbName, instanceIds)) return;
    this.#options.logger.warn(
      { principal: actor, requestId, elbName, instanceIds },
      'no member is known to be in service after this detach',
    );
  }
}
