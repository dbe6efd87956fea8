import { type Load, type LabelledLoad, connectionsAt, sendLoad } from '../load/load.ts';
import { Recorder, type Run } from '../load/recorder.ts';
import { Unreachable } from '../load/request.ts';
import type { CapacityOptions } from '../options.ts';
import type { Figure } from '../promises/promise.ts';
import type { Progress } from '../report/progress.ts';
import { awsCalls, control } from './embedded-aws.ts';
import { Lab, type Kind, runsByKind, type Server } from './lab.ts';

/** `workload` describes the load, and `promises` describes the targets. The report prints both. */
export interface Scenario {
  readonly workload: string;
  readonly promises: string;
  /** What the scenario does with a service. `embedded` means that it requires the embedded AWS. */
  readonly needs: 'reads' | 'writes' | 'embedded';
  run(session: Session): Promise<Figure[]>;
}

/** Ends a scenario after Ctrl-C. */
export class Interrupted extends Error {}

/** The servers, the results so far and the stop signal. The scenarios of a run share them. */
export class Session {
  readonly runs: Run[] = [];
  readonly lab = new Lab();
  scenario = '';
  readonly options: CapacityOptions;
  /** A signal that aborts on Ctrl-C. */
  readonly signal: AbortSignal;
  readonly #progress: Progress;

  constructor(options: CapacityOptions, signal: AbortSignal, progress: Progress) {
    this.options = options;
    this.signal = signal;
    this.#progress = progress;
  }

  begin(scenario: string, workload: string): void {
    this.scenario = scenario;
    this.#progress.begin(scenario, workload);
  }

  end(): void {
    this.#progress.clear();
  }

  /** Returns `quick` in a --quick run, otherwise `full`. */
  pick<T>(full: T, quick: T): T {
    return this.options.quick ? quick : full;
  }

  /** The path of the list that the scenarios read. */
  get listPath(): string {
    return `/elb/${encodeURIComponent(this.options.remote?.elb ?? 'default-elb')}`;
  }

  /**
   * Returns the servers of these kinds. For a deployed service, there are no baselines, so the result contains only the
   * service.
   */
  async servers(...kinds: Kind[]): Promise<Server[]> {
    const { remote } = this.options;
    if (remote !== undefined)
      return [{ kind: 'service', url: remote.url, authorization: remote.authorization }];
    const servers: Server[] = [];
    for (const kind of kinds) servers.push(await this.lab.server(kind));
    return servers;
  }

  /**
   * Sends all loads to a server at the same time, and adds the runs to `runs`, even if they are stopped early. @throws
   * Interrupted, Unreachable
   */
  async measure(server: Server, ...loads: LabelledLoad[]): Promise<Run[]> {
    const stop = AbortSignal.any([this.signal, ...(server.gone === undefined ? [] : [server.gone])]);
    stopIfAborted(this.signal, server);
    if (server.aws !== undefined) await control(server.aws, 'DELETE', 'calls');
    const startedAt = performance.now();
    const shots = this.#limit(loads).map((load) => ({ load, recorder: new Recorder() }));
    const first = shots[0];
    const ticker = setInterval(() => {
      for (const { load, recorder } of shots) {
        const at = (performance.now() - startedAt) / 1000;
        const sample = recorder.sample(connectionsAt(load, at - 0.5));
        if (recorder === first?.recorder)
          this.#progress.show(this.scenario, server.kind, load, sample, recorder.failed);
      }
    }, 1000);
    let failure: unknown;
    try {
      await Promise.all(shots.map(({ load, recorder }) => sendLoad(server, load, stop, recorder)));
    } catch (error) {
      failure = error;
    } finally {
      clearInterval(ticker);
    }
    const seconds = (performance.now() - startedAt) / 1000;
    const ended = stop.aborted || failure !== undefined;
    const aws = server.aws === undefined ? undefined : await awsCalls(server.aws).catch(() => undefined);
    const runs = shots.map(({ load, recorder }, n) =>
      recorder.finish(
        {
          scenario: this.scenario,
          label: load.label,
          server: server.kind,
          connections: load.connections,
          ...(load.rate !== undefined && { rate: load.rate }),
          // The calls of all loads are added up in the last run.
          ...(aws !== undefined &&
            n === shots.length - 1 && {
              aws: { calls: aws.total, callsPerSecond: aws.total / seconds, throttled: aws.throttled },
            }),
          ...(ended && { cut: true as const }),
        },
        load.amount !== undefined,
      ),
    );
    this.runs.push(...runs);
    stopIfAborted(this.signal, server);
    if (failure !== undefined)
      throw failure instanceof Error ? failure : new Error('the load could not be sent');
    if (runs.every(({ requests, statuses }) => requests > 0 && statuses['error'] === requests))
      throw new Unreachable(`${server.url} responded to none of ${runs[0]?.requests ?? 0} requests.`);
    return runs;
  }

  /** Measures the servers one after another in each round, so that a slow phase of the machine affects all of them. */
  async alternate(
    servers: readonly Server[],
    rounds: number,
    ...loads: LabelledLoad[]
  ): Promise<Record<Kind, Run[][]>> {
    const results = runsByKind<Run[]>();
    for (let round = 0; round < rounds; round += 1) {
      for (const server of servers) results[server.kind].push(await this.measure(server, ...loads));
    }
    return results;
  }

  /** Limits the requests to a deployed service to --max-rate. */
  #limit(loads: readonly LabelledLoad[]): LabelledLoad[] {
    const { maxRate } = this.options.remote ?? {};
    if (maxRate === undefined) return [...loads];
    const limit = maxRate - loads.reduce((sum, { beside = 0 }) => sum + beside, 0);
    const set = loads.reduce((sum, { rate = 0 }) => sum + rate, 0);
    const free = loads.filter(({ rate }) => rate === undefined).length;
    const rateOf = ({ rate }: Load): number =>
      rate === undefined
        ? Math.max(1, Math.floor(Math.max(limit - set, limit / 2) / free))
        : Math.max(1, Math.floor(rate * Math.min(1, limit / (free === 0 ? 1 : 2) / set)));
    return loads.map((load) => {
      const rate = rateOf(load);
      const amount = load.amount === undefined ? {} : { amount: Math.min(load.amount, rate * 30) };
      return { ...load, ...amount, rate, connections: Math.min(load.connections, rate) };
    });
  }
}

function stopIfAborted(signal: AbortSignal, server: Server): void {
  if (signal.aborted) throw new Interrupted();
  if (server.gone?.aborted === true) throw new Unreachable((server.gone.reason as Error).message);
}
