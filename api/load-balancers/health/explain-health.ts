import { withoutFullStop } from '../../errors.ts';
import type { HealthEntry, MemberHealth } from '../member-health.ts';
import type { HealthCheck, LoadBalancerTraits } from '../load-balancer.ts';
import type { ElbName, MachineInfo } from '../instance.ts';
import type { RecentChange } from './recent-changes.ts';

/** What is known around a member's health. Times are on the scale of `Clock.now()`. */
export interface HealthContext {
  readonly elbName: ElbName;
  readonly traits: LoadBalancerTraits | undefined;
  readonly instance: MachineInfo | undefined;
  readonly change: RecentChange;
  /** For how many seconds connections are drained at most; undefined where that is not known. */
  readonly drainingSeconds: number | undefined;
  readonly now: number;
  /** The time of day, in milliseconds since 1970. */
  readonly epochMs: number;
}

type Reason = Pick<HealthEntry, 'why' | 'lookAgainSeconds'>;

/** What there is to do about an instance that is in this state of EC2. */
const remedies: Readonly<Record<string, string>> = {
  pending: 'it is still starting, so wait',
  stopping: 'start it once it has stopped, or detach it',
  stopped: 'start it, or detach it',
  'shutting-down': 'it is being terminated, so detach it',
  terminated: 'detach it, or wait until AWS does',
};

/** Returns the health with the facts around it, and one sentence on why it is so and what to do. */
export function explainHealth(health: MemberHealth, circumstances: HealthContext): HealthEntry {
  const { instance } = circumstances;
  return {
    ...health,
    availabilityZone: instance?.availabilityZone,
    instanceState: instance?.state,
    ...reasonOf(health, circumstances),
  };
}

function reasonOf(health: MemberHealth, circumstances: HealthContext): Reason {
  const { elbName, traits, instance } = circumstances;
  const { condition, description } = health;
  if (condition === 'draining') return draining(circumstances);
  if (condition === 'in-service') return later('in service, nothing is left to do', 30);
  if (instance?.state !== undefined && instance.state !== 'running') {
    return later(
      `EC2 says that the instance is ${instance.state}: ${remedies[instance.state] ?? 'look there'}`,
    );
  }
  if (condition === 'not-registered')
    return later(`it is no member of ${elbName}: attach it if it is to serve`);
  const zone = instance?.availabilityZone;
  const zones = traits?.availabilityZones ?? [];
  if (condition === 'zone-disabled' || (zone !== undefined && zones.length > 0 && !zones.includes(zone))) {
    return later(
      `its zone ${zone ?? ''} is not enabled on ${elbName}, which has ${zones.join(', ')}: enable the zone there, or attach an instance of one of these`,
    );
  }
  if (condition === 'registering') return registering(circumstances);
  if (condition === 'failing-checks') return failing(known(traits?.healthCheck));
  if (condition === 'not-running') return later(`${withoutFullStop(description)}: start it, or detach it`);
  return later(
    description === 'N/A'
      ? 'AWS tells nothing of its health: look again in a few seconds, and at the instance in EC2'
      : `AWS says only "${withoutFullStop(description)}": look again in a few seconds`,
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
      ? 'for a while yet'
      : `until ${instant(epochMs, leftSeconds)} (${leftSeconds} s) at most`;
  return later(
    drainingSince !== undefined && attachedAt > drainingSince
      ? `it was attached again while it still drains its connections ${until}: look again then, and attach it once more if it is no member`
      : `it is detached and drains its connections ${until}: wait`,
    leftSeconds,
  );
}

function registering({ change, traits, now }: HealthContext): Reason {
  const check = known(traits?.healthCheck);
  if (check === undefined) return later('its registration is in progress: wait');
  const seconds = passingSeconds(check);
  const { attachedAt } = change;
  const must = `${check.healthyThreshold} checks of ${check.target}, one every ${check.intervalSeconds} s, must pass`;
  if (attachedAt === undefined) {
    return later(
      `its registration is in progress: ${must}, so it is in service at the earliest ${seconds} s after it was attached`,
    );
  }
  const left = Math.ceil(seconds - (now - attachedAt) / 1000);
  return left > 0
    ? later(
        `its registration is in progress: ${must}, so it is in service at the earliest in ${left} s`,
        left,
      )
    : later(
        `its registration is in progress for longer than it has to be: ${must}, so see whether the instance answers there within ${check.timeoutSeconds} s`,
      );
}

function failing(check: KnownCheck | undefined): Reason {
  if (check === undefined) return later('its health check fails: see whether the instance answers it');
  const { target, timeoutSeconds, healthyThreshold, intervalSeconds } = check;
  const seconds = passingSeconds(check);
  return later(
    `its health check ${target} fails: see whether the instance answers there within ${timeoutSeconds} s; ` +
      `once it does, ${healthyThreshold} checks, one every ${intervalSeconds} s, must pass: in service at the earliest in ${seconds} s`,
    seconds,
  );
}

/** A health check each of whose numbers is known. */
type KnownCheck = { readonly [K in keyof HealthCheck]: NonNullable<HealthCheck[K]> };

function known(check: HealthCheck | undefined): KnownCheck | undefined {
  const isKnown = check !== undefined && Object.values(check).every((value) => value !== undefined);
  return isKnown ? (check as KnownCheck) : undefined;
}

function passingSeconds({ healthyThreshold, intervalSeconds }: KnownCheck): number {
  return healthyThreshold * intervalSeconds;
}

/** The point in time so many seconds after `epochMs`, as RFC 3339 has it, in whole seconds. */
function instant(epochMs: number, seconds: number): string {
  return new Date(epochMs + seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}

function later(why: string, seconds = 5): Reason {
  return { why, lookAgainSeconds: Math.min(30, Math.max(1, seconds)) };
}
