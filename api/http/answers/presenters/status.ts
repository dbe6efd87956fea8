import type { AwsLedger, LastError } from '../../../telemetry/aws-ledger.ts';
import type { BudgetState, DelayedCalls } from '../../../telemetry/budget-state.ts';
import type { Clock } from '../../../clock.ts';
import type { Envelope } from './text.ts';

export interface RequestCounts {
  readonly inFlight: number;
  /** The number of requests on the port that were authenticated or failed with 500, since startup. */
  readonly answered: number;
  /** The number of these requests that failed with 500. */
  readonly internalErrors: number;
}

export interface StatusDeps {
  readonly build: () => Promise<{ readonly version: string; readonly commit: string }>;
  readonly startedAt: Date;
  readonly backend: string;
  readonly region: string;
  readonly ledger: AwsLedger;
  readonly budgets: () => readonly BudgetState[];
  /** `asOf` is on the time scale of `Clock.now()`; before the first read, it is -Infinity. */
  readonly picture: () => { readonly loadBalancers: number; readonly asOf: number };
  readonly requests: () => RequestCounts;
  readonly waiters: () => number;
  readonly clock: Clock;
}

/** Returns the state of the process as `Status` in the API contract, enveloped. */
export async function presentStatus(deps: StatusDeps): Promise<Envelope<object>> {
  const { startedAt, backend, region, clock } = deps;
  const { version, commit } = await deps.build();
  const { loadBalancers, asOf } = deps.picture();
  return {
    message: {
      version,
      commit,
      startedAt: startedAt.toISOString(),
      uptimeSeconds: Math.floor((clock.epochMs() - startedAt.getTime()) / 1000),
      backend,
      region,
      requests: { ...deps.requests(), waiting: deps.waiters() },
      picture: {
        loadBalancers,
        ...(asOf !== -Infinity && { ageSeconds: Math.round((clock.now() - asOf) / 100) / 10 }),
      },
      aws: shapeAws(deps),
    },
  };
}

function shapeAws({ ledger, budgets }: StatusDeps): object {
  const { lastError, reachable, working } = ledger;
  return {
    reachable: yesOrNo(reachable),
    working: yesOrNo(working),
    ...(lastError !== undefined && { lastError: shapeError(lastError) }),
    calls: [...ledger.actions()].map(([action, { lastAt, lastError, medianMs, p99Ms, ...rest }]) => ({
      action,
      ...rest,
      medianMs: Math.round(medianMs),
      p99Ms: Math.round(p99Ms),
      lastAt: lastAt.toISOString(),
      ...(lastError !== undefined && { lastError: shapeError(lastError) }),
    })),
    budgets: budgets().map(({ heldUpByUs, heldUpByAws, perSecond, left, ...rest }) => ({
      ...rest,
      ...(perSecond !== undefined && { perSecond }),
      ...(left !== undefined && { left }),
      heldUpByUs: shapeDelayed(heldUpByUs),
      heldUpByAws: shapeDelayed(heldUpByAws),
    })),
  };
}

function yesOrNo(fact: boolean | undefined): string {
  return fact === undefined ? 'unknown' : fact ? 'yes' : 'no';
}

function shapeError({ at, ...rest }: LastError): object {
  return { at: at.toISOString(), ...rest };
}

function shapeDelayed({ calls, last }: DelayedCalls): object {
  return { calls, ...(last !== undefined && { lastAt: last.toISOString() }) };
}
