import { DomainError, type ErrorCode } from '../errors.ts';
import type { Draining } from '../load-balancers/draining.ts';
import type { Condition, HealthEntry } from '../load-balancers/health.ts';
import type { LoadBalancer } from '../load-balancers/load-balancer.ts';
import type { InServiceForecast } from '../load-balancers/last-in-service.ts';
import type { MachineInfo } from '../load-balancers/machine.ts';
import type { Outcome } from '../load-balancers/outcomes.ts';
import { errorStatus } from './error-status.ts';

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

/** What a dry run would do. */
export const wouldBe = {
  attached: (instanceId: string, elbName: string, draining?: Draining) =>
    `${instanceId} would be attached to ${elbName}; nothing was changed${draining === undefined ? '' : `; ${drains(draining)}`}`,
  detached: (instanceId: string, elbName: string, inService: InServiceForecast | undefined) =>
    `${instanceId} would be detached from ${elbName}; nothing was changed${remaining(inService)}`,
};

function drains({ until }: Draining): string {
  const end = until === undefined ? '' : ` until ${until.toISOString()} at the latest`;
  return `it still drains the connections of its earlier membership${end}`;
}

/** Returns what an attached instance that still drains adds to its answer. AWS may end such an attachment; see `Drainings`. */
export function drainingFacts(
  instanceId: string,
  elbName: string,
  draining: Draining | undefined,
): Pick<ChangeFacts, 'note' | 'drainingUntil'> {
  if (draining === undefined) return {};
  return {
    note:
      `${instanceId} was attached to ${elbName}, and ${drains(draining)}; AWS may end the new membership then, ` +
      `so look for it in GET /elb/${elbName}/health after that, or attach with wait=in-service`,
    ...drainingUntil(draining),
  };
}

/** Returns the end of the draining, where it is known. */
export function drainingUntil(draining: Draining | undefined): Pick<ChangeFacts, 'drainingUntil'> {
  return draining?.until === undefined ? {} : { drainingUntil: draining.until };
}

function remaining(inService: InServiceForecast | undefined): string {
  if (inService === undefined) return '';
  return 'unknown' in inService
    ? `; how many would remain in service is unknown, as ${inService.unknown}`
    : `; ${inService.after} of ${inService.before} would remain in service`;
}

/** Returns how many members are in service before and after the change of a dry run, as far as that is known. */
export function inServiceCounts(
  inService: InServiceForecast | undefined,
): Pick<ChangeFacts, 'inServiceBefore' | 'inServiceAfter'> {
  return inService === undefined || 'unknown' in inService
    ? {}
    : { inServiceBefore: inService.before, inServiceAfter: inService.after };
}

/** What an answer to a change adds to the instance; `Change` of the API describes each field. */
export interface ChangeFacts {
  readonly dryRun?: true;
  readonly note?: string;
  readonly drainingUntil?: Date;
  readonly inServiceBefore?: number;
  readonly inServiceAfter?: number;
  readonly health?: HealthEntry;
}

/** `Change` of the API: `MachineInfo` and what there is to add to it. */
export interface PresentedChange extends PresentedMachine, Omit<ChangeFacts, 'drainingUntil' | 'health'> {
  readonly drainingUntil?: string;
  readonly health?: PresentedHealth;
}

/** Returns the answer to a change of one instance, enveloped. Its shape is the same for a dry run, a change and a wait. */
export function presentChange(machine: MachineInfo, facts: ChangeFacts = {}): Envelope<PresentedChange> {
  const { dryRun, note, drainingUntil, inServiceBefore, inServiceAfter, health } = facts;
  return {
    message: {
      ...shapeMachine(machine),
      ...(dryRun !== undefined && { dryRun }),
      ...(note !== undefined && { note }),
      ...(drainingUntil !== undefined && { drainingUntil: drainingUntil.toISOString() }),
      ...(inServiceBefore !== undefined && { inServiceBefore }),
      ...(inServiceAfter !== undefined && { inServiceAfter }),
      ...(health !== undefined && { health: shapeHealth(health) }),
    },
  };
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

/** `HealthEntry` of the API: AWS's words, EC2's facts, and why. */
export interface PresentedHealth {
  readonly instanceId: string;
  readonly state: string;
  readonly reasonCode: string;
  readonly description: string;
  readonly condition: Condition;
  readonly availabilityZone: string;
  readonly instanceState: string;
  readonly why: string;
}

/** Returns the health of members in the order given, enveloped. */
export function presentHealth(entries: readonly HealthEntry[]): Envelope<PresentedHealth[]> {
  return { message: entries.map(shapeHealth) };
}

function shapeHealth(entry: HealthEntry): PresentedHealth {
  const { instanceId, state, reasonCode, description, condition, availabilityZone, instanceState, why } =
    entry;
  return {
    instanceId,
    state,
    reasonCode,
    description,
    condition,
    availabilityZone: availabilityZone ?? 'unknown',
    instanceState: instanceState ?? 'unknown',
    why,
  };
}

/** Returns load balancers in the order given, enveloped, with their counts of members in service where there are. */
export function presentLoadBalancers(
  loadBalancers: readonly LoadBalancer[],
  inService: ReadonlyMap<string, number>,
): Envelope<object[]> {
  return {
    message: loadBalancers.map(({ elbName, members, traits }) => ({
      elbName,
      dnsName: traits.dnsName ?? 'unknown',
      scheme: traits.scheme ?? 'unknown',
      vpcId: traits.vpcId ?? 'unknown',
      availabilityZones: traits.availabilityZones,
      listeners: traits.listeners,
      ...(traits.healthCheck !== undefined && { healthCheck: traits.healthCheck }),
      instanceCount: members.length,
      ...(inService.has(elbName) && { inServiceCount: inService.get(elbName) }),
      createdDate: traits.createdDate?.toISOString() ?? 'unknown',
    })),
  };
}

/** What became of one instance of many: what its own request would have answered. */
export interface PresentedOutcome {
  readonly instanceId: string;
  readonly status: number;
  readonly message: PresentedChange | string;
  /** Present where this instance was refused. */
  readonly code?: ErrorCode;
}

/** What became of an instance as the caller named it, which may be no instance's id. */
export interface NamedOutcome extends Pick<Outcome, 'result' | 'draining'> {
  readonly instanceId: string;
}

/** Returns outcomes in the order given, enveloped; in a dry run, `note` is the sentence of what would be done. */
export function presentOutcomes(
  elbName: string,
  outcomes: readonly NamedOutcome[],
  note?: (instanceId: string, draining?: Draining) => string,
): Envelope<PresentedOutcome[]> {
  return {
    message: outcomes.map(({ instanceId, result, draining }) => {
      if (result instanceof DomainError) {
        const { code, message } = result;
        return { instanceId, status: errorStatus[code], message, code };
      }
      return note === undefined
        ? {
            instanceId,
            status: 201,
            message: presentChange(result, drainingFacts(instanceId, elbName, draining)).message,
          }
        : { instanceId, status: 200, message: note(instanceId, draining) };
    }),
  };
}
