import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { type CapacityOptions, capacityUsage, readCapacityOptions, UsageError } from './options.ts';
import { missed } from './promises/promise.ts';
import { Progress } from './report/progress.ts';
import { checkRemote } from './lab/remote.ts';
import { type Change, compare, readOld, sameMachine } from './report/compare.ts';
import { page } from './report/html.ts';
import { stepsPlot } from './report/plots.ts';
import { commit, type Outcome, type Report, thisMachine, versions } from './report/report.ts';
import { comparison, table } from './report/table.ts';
import { scenarios } from './scenarios/capacity/all.ts';
import { Interrupted, type Scenario, Session } from './lab/session.ts';

/** Measures how much load the service handles. Returns the exit code. @throws UsageError, Unreachable */
export async function capacity(args: string[]): Promise<number> {
  const names = Object.keys(scenarios);
  const options = readCapacityOptions(args, names, process.env['API_TOKEN']);
  if (options === 'help') {
    process.stdout.write(capacityUsage.replace('NAMES', names.join(', ')));
    return 0;
  }
  const chosen = choose(options);
  const old = options.compare === undefined ? undefined : readOld(options.compare, options.quick);
  mkdirSync(options.out, { recursive: true });

  const signal = untilInterrupted();
  if (options.remote !== undefined) await checkRemote(options.remote, signal);
  const startedAt = new Date();
  const session = new Session(options, signal, new Progress(process.stderr));
  const { outcomes, ended } = await runAll(session, chosen);
  const report: Report = {
    format: 1,
    startedAt: startedAt.toISOString(),
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    quick: options.quick,
    target: targetOf(options),
    machine: thisMachine(),
    versions: versions(),
    commit: commit(),
    ...(ended !== undefined && { ended }),
    outcomes,
    runs: session.runs,
  };
  const changes = old && compare(old, report, options.tolerance);
  writeReport(options.out, report, changes);
  console.log(`${table(report)}\n`);
  if (old !== undefined && changes !== undefined) {
    console.log(
      `Compared with ${options.compare ?? ''}${sameMachine(old, report) ? '' : ', from another machine or target: only ratios are compared'}:`,
    );
    console.log(`${comparison(changes)}\n`);
  }
  const faults = [
    ...missed(report.outcomes.flatMap(({ figures }) => figures)),
    ...(changes ?? []).filter(({ dropped }) => dropped).map(({ name }) => `DROPPED: ${name}`),
  ];
  for (const fault of faults) console.log(fault);
  console.log(`${Math.round(report.seconds)} s; ${pathToFileURL(resolve(options.out, 'report.html')).href}`);
  if (ended !== undefined) console.error(ended);
  if (signal.aborted) return 130;
  return faults.length === 0 && ended === undefined ? 0 : 1;
}

/** Returns the scenarios in --only. @throws UsageError if the target does not allow one of them */
function choose({ only, remote }: CapacityOptions): [string, Scenario][] {
  const chosen = Object.entries(scenarios).filter(([name]) => only?.includes(name) ?? true);
  const barred = chosen.find(([, { needs }]) => !allowed(needs, remote));
  if (only === undefined || barred === undefined) return chosen;
  const [name, { needs }] = barred;
  throw new UsageError(
    needs === 'writes'
      ? `"${name}" changes a load balancer; allow it with --writes --elb NAME --instance ID.`
      : `"${name}" requires the embedded AWS; run it without --url.`,
  );
}

function allowed(needs: Scenario['needs'], remote: CapacityOptions['remote']): boolean {
  return remote === undefined || needs === 'reads' || (needs === 'writes' && remote.instance !== undefined);
}

/** Runs the scenarios one after another until one of them throws. `ended` is the reason. */
async function runAll(
  session: Session,
  chosen: [string, Scenario][],
): Promise<{ outcomes: Outcome[]; ended: string | undefined }> {
  const outcomes: Outcome[] = [];
  let ended: string | undefined;
  for (const [name, scenario] of chosen) {
    const { workload, promises, needs } = scenario;
    if (!allowed(needs, session.options.remote)) {
      outcomes.push({ name, workload, promises, state: 'skipped', figures: [] });
      continue;
    }
    session.begin(name, workload);
    try {
      outcomes.push({ name, workload, promises, state: 'done', figures: await scenario.run(session) });
    } catch (error) {
      outcomes.push({ name, workload, promises, state: 'cut', figures: [] });
      ended = await explain(error, session);
      break;
    }
  }
  session.end();
  await session.lab.close();
  return { outcomes, ended };
}

async function explain(error: unknown, session: Session): Promise<string> {
  if (error instanceof Interrupted || session.signal.aborted)
    return 'Stopped by Ctrl-C; the report contains the results up to that point.';
  // A connection breaks shortly before the exit event of the process. Wait for that event, because its message is
  // better.
  await sleep(300);
  return (session.lab.lost() ?? (error as Error)).message;
}

/**
 * Aborts on the first Ctrl-C. A second Ctrl-C exits. A second signal within 1 s is the same Ctrl-C, which npm also
 * forwards.
 */
function untilInterrupted(): AbortSignal {
  const controller = new AbortController();
  let abortedAt = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) {
        if (performance.now() - abortedAt > 1000) process.exit(130);
        return;
      }
      abortedAt = performance.now();
      console.error('\nStopping; the report follows. Press Ctrl-C again to exit now.');
      controller.abort();
    });
  }
  return controller.signal;
}

function targetOf({ remote }: CapacityOptions): string {
  if (remote === undefined)
    return 'The production build on this machine, with the embedded AWS: 40 ms per call, with the AWS rate limits';
  const limit = remote.maxRate === undefined ? 'without a limit' : `at most ${remote.maxRate} req/s`;
  return `${remote.url}, ${remote.elb}, ${limit}`;
}

function writeReport(folder: string, report: Report, changes: Change[] | undefined): void {
  writeFileSync(join(folder, 'report.json'), `${JSON.stringify(report, null, 1)}\n`);
  writeFileSync(join(folder, 'report.html'), page(report, changes));
  const svg = stepsPlot(report);
  if (svg !== undefined) writeFileSync(join(folder, 'steps.svg'), svg);
}
