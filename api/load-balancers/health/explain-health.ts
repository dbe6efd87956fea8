import { withoutFullStop } from '../../errors.ts';
import type { ElbName, MachineInfo } from '../instance.ts';
import type { HealthCheck, LoadBalancerTraits } from '../load-balancer.ts';
import type { HealthEntry, MemberHealth } from '../member-health.ts';
import type { RecentChange } from './recent-changes.ts';

/** The data that explains the health of a member. */
export interface HealthContext {
  readonly elbName: ElbName;
  readonly traits: LoadBalancerTraits | undefined;
  readonly instance: MachineInfo | undefined;
  readonly change: RecentChange;
  /** The draining timeout; undefined if it is unknown. */
  readonly drainingSeconds: number | undefined;
  /** The time on the scale of `Clock.now()`, like the times in `change`. */
  readonly now: number;
  /** The time of day, in milliseconds since 1970. */
  readonly epochMs: number;
}

type Reason = Pick<HealthEntry, 'why' | 'checkAgainSeconds'>;

/** The advice for each EC2 state. */
const remedies: Readonly<Record<string, string>> = {
  pending: 'it is still starting, so wait',
  stopping: 'start it after it has stopped, or detach it',
  stopped: 'start it, or detach it',
  'shutting-down': 'it is being terminated, so detach it',
  terminated: 'detach it, or wait until AWS does',
};

/** Returns the health with data from EC2, and one sentence that states the reason and what to do. */
export function explainHealth(health: MemberHealth, context: HealthContext): HealthEntry {
  const { instance } = context;
  return {
    ...health,
    availabilityZone: instance?.availabilityZone,
    instanceState: instance?.state,
    ...reasonOf(health, context),
  };
}

function reasonOf(health: MemberHealth, context: HealthContext): Reason {
  const { elbName, traits, instance } = context;
  const { condition, description } = health;
  if (condition === 'draining') return draining(context);
  if (condition === 'in-service') return reason('in service, no action is needed', 30);
  const { state } = instance ?? {};
  if (state !== undefined && state !== 'running')
    return reason(`its EC2 state is ${state}: ${remedies[state] ?? 'check the instance in EC2'}`);
  if (condition === 'not-registered')
    return reason(`it is not a member of ${elbName}: attach it if it should be a member`);
  const zone = instance?.availabilityZone;
  const zones = traits?.availabilityZones ?? [];
  if (condition === 'zone-disabled' || (zone !== undefined && zones.length > 0 && !zones.includes(zone)))
    return reason(
      `its zone ${zone ?? ''} is not enabled on ${elbName}, which has the zones ${zones.join(', ')}: enable the zone there, or attach an instance in one of these zones`,
    );
  if (condition === 'registering') return registering(context);
  if (condition === 'failing-checks') return failing(complete(traits?.healthCheck));
  if (condition === 'not-running') return reason(`${withoutFullStop(description)}: start it, or detach it`);
  return reason(
    description === 'N/A'
      ? 'AWS reports no health for it: check again in a few seconds, and check the instance in EC2'
      : `AWS reports only "${withoutFullStop(description)}": check again in a few seconds`,
  );
}

function draining({ change, drainingSeconds, now, epochMs }: HealthContext): Reason {
  const { attachedAt = -Infinity, drainingSince } = change;
  const leftSeconds =
    drainingSeconds === undefined || drainingSince === undefined
      ? undefined
      : Math.max(1, Math.ceil(drainingSeconds - (now - drainingSince) / 1000));
  const until =
    leftSeconds === undefined
      ? 'for an unknown time'
      : `until ${timestamp(epochMs, leftSeconds)} at the latest (${leftSeconds} s)`;
  return reason(
    drainingSince !== undefined && attachedAt > drainingSince
      ? `it was attached again and still drains its connections ${until}: check again then, and attach it again if it is not a member`
      : `it is detached and drains its connections ${until}: wait`,
    leftSeconds,
  );
}

function registering({ change, traits, now }: HealthContext): Reason {
  const check = complete(traits?.healthCheck);
  if (check === undefined) return reason('its registration is in progress: wait');
  const seconds = passingSeconds(check);
  const { attachedAt } = change;
  const must = `${check.healthyThreshold} checks of ${check.target}, one every ${check.intervalSeconds} s, must pass`;
  if (attachedAt === undefined)
    return reason(
      `its registration is in progress: ${must}, so it is in service at the earliest ${seconds} s after it was attached`,
    );
  const left = Math.ceil(seconds - (now - attachedAt) / 1000);
  return left > 0
    ? reason(
        `its registration is in progress: ${must}, so it is in service at the earliest in ${left} s`,
        left,
      )
    : reason(
        `its registration takes longer than expected: ${must}, so check that the instance responds within ${check.timeoutSeconds} s`,
      );
}

function failing(check: CompleteCheck | undefined): Reason {
  if (check === undefined) return reason('its health check fails: check that the instance responds');
  const { target, timeoutSeconds, healthyThreshold, intervalSeconds } = check;
  const seconds = passingSeconds(check);
  return reason(
    `its health check ${target} fails: check that the instance responds within ${timeoutSeconds} s; ` +
      `then ${healthyThreshold} checks, one every ${intervalSeconds} s, must pass, so it is in service at the earliest in ${seconds} s`,
    seconds,
  );
}

type CompleteCheck = { readonly [K in keyof HealthCheck]: NonNullable<HealthCheck[K]> };

function complete(check: HealthCheck | undefined): CompleteCheck | undefined {
  const isComplete = check !== undefined && Object.values(check).every((value) => value !== undefined);
  return isComplete ? (check as CompleteCheck) : undefined;
}

function passingSeconds({ healthyThreshold, intervalSeconds }: CompleteCheck): number {
  return healthyThreshold * intervalSeconds;
}

/** Returns the time `seconds` after `epochMs` in RFC 3339 format, rounded to whole seconds. */
function timestamp(epochMs: number, seconds: number): string {
  return new Date(epochMs + seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}

function reason(why: string, seconds = 5): Reason {
  return { why, checkAgainSeconds: Math.min(30, Math.max(1, seconds)) };
}
