import { DomainError } from '../errors.ts';
import { untold } from '../load-balancers/health.ts';
import type { HealthBoard } from '../load-balancers/health-board.ts';
import type { LoadBalancerService } from '../load-balancers/load-balancer-service.ts';
import type { ElbName, MachineInfo } from '../load-balancers/machine.ts';
import type { WaitEnd, Waiting, Wish } from '../load-balancers/waiting.ts';
import { startTrace } from '../telemetry.ts';
import type { AppContext } from './context.ts';
import { presentChange } from './presenters.ts';

export interface WaitParts {
  readonly service: LoadBalancerService;
  readonly waiting: Waiting;
  readonly health: HealthBoard;
  /** Milliseconds that one sequence of AWS calls may take. */
  readonly deadlineMs: number;
}

/** What was done already, and is waited for now. */
export interface Wait {
  readonly elbName: ElbName;
  /** The instance that was changed. */
  readonly machine: MachineInfo;
  readonly wish: Wish;
  /** On the clock of `performance.now()`. */
  readonly until: number;
}

/** What it takes to look at the facts for an answer that is late already, in milliseconds. */
const explainMs = 2000;
/** How old EC2's facts may be in it, in milliseconds. */
const factsMaxAgeMs = 1000;

/**
 * Resolves with true once it has come to what is waited for. Otherwise resolves with false, and the answer is given:
 * 202 and the change with the health of the instance. Throws `closing`, `attachment_lost` or `elb_not_found`, each of which says what was done.
 */
export async function waitOrAnswer202(ctx: AppContext, parts: WaitParts, wait: Wait): Promise<boolean> {
  const left = new AbortController();
  ctx.res.once('close', () => {
    left.abort();
  });
  // The caller may have hung up while the change was made.
  if (ctx.res.closed) left.abort();
  const { elbName, wish } = wait;
  const { instanceId } = wait.machine;
  const ms = wait.until - performance.now();
  const end = await parts.waiting.until(elbName, instanceId, wish, { ms, gone: left.signal });
  if (end.how === 'there') return true;
  if (end.how === 'closing') throw closing(wait);
  if (end.how === 'failed') throw failed(end.error, wait);
  if (end.how === 'lost') {
    const isMember = await parts.service.isMember(elbName, instanceId, startTrace(parts.deadlineMs));
    if (!isMember) throw lost(wait, end.drained);
    await answer202(ctx, parts, wait, { how: 'late' });
    return false;
  }
  await answer202(ctx, parts, wait, end);
  return false;
}

async function answer202(
  ctx: AppContext,
  { health }: WaitParts,
  { elbName, machine }: Wait,
  {
    how,
    last = untold(machine.instanceId),
    trouble,
  }: Extract<WaitEnd, { how: 'there' | 'late' | 'gone' | 'closing' }>,
): Promise<void> {
  ctx.status = 202;
  // Nobody would read it.
  if (how === 'gone') return;
  const [entry] = await health.explain(
    elbName,
    [last],
    performance.now() - factsMaxAgeMs,
    startTrace(explainMs),
  );
  if (entry === undefined) return;
  const why =
    trouble === undefined ? entry.why : `its health is not known, as ${trouble.problem}; look again later`;
  ctx.set('Location', `/elb/${elbName}/health`);
  ctx.set('Retry-After', String(entry.lookAgainSeconds));
  ctx.body = presentChange(machine, { health: { ...entry, why } });
}

function done({ elbName, machine: { instanceId }, wish }: Wait): string {
  return wish === 'in-service'
    ? `${instanceId} was attached to ${elbName}`
    : `${instanceId} was detached from ${elbName}`;
}

function closing(wait: Wait): DomainError {
  const { elbName, wish } = wait;
  return new DomainError(
    'closing',
    `${done(wait)}, but this service is closing and cannot wait until it is ${wish}`,
    {
      advice: `GET /elb/${elbName}/health tells how it stands`,
      retryAfterSeconds: 1,
    },
  );
}

function lost(wait: Wait, drained: boolean): DomainError {
  return drained
    ? new DomainError(
        'attachment_lost',
        `${done(wait)} while AWS still drained it from there, and AWS loses that silently`,
        { advice: 'the draining is over, so attach it again' },
      )
    : new DomainError(
        'attachment_lost',
        `${done(wait)}, but it is a member no longer: somebody else detached it`,
        {
          advice: 'find out who, and attach it again',
        },
      );
}

function failed(error: unknown, wait: Wait): unknown {
  return error instanceof DomainError ? error.withAdvice(`${done(wait)} before that`) : error;
}
