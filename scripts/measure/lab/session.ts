import { awsCalls, control } from './processes.ts';
import type { Figure } from '../promises/promise.ts';
import { Lab, type Kind, type Server } from './lab.ts';
import { type Ask, connectionsAt, fire, Unreachable } from '../load/load.ts';
import type { Options } from '../options.ts';
import type { Progress } from '../report/progress.ts';
import { Recorder, type Run } from '../load/recorder.ts';

/** What a scenario asks, in a sentence, and what it promises; both are printed beside its figures. */
export interface Scenario {
  readonly asks: string;
  readonly promises: string;
  /** What a deployed service must allow for it; `embedded`: it needs an AWS that can be told what to do. */
  readonly needs: 'reads' | 'writes' | 'embedded';
  run(session: Session): Promise<Figure[]>;
}

/** Thrown to end a scenario after Ctrl-C. */
export class Interrupted extends Error {}

/** All that the scenarios of one run share: the servers, the runs so far, and the way to stop. */
export class Session {
  readonly runs: Run[] = [];
  readonly lab = new Lab();
  scenario = '';
  readonly options: Options;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  readonly #progress: Progress;

  constructor(options: Options, signal: AbortSignal, progress: Progress) {
    this.options = options;
    this.signal = signal;
    this.#progress = progress;
  }

  begin(scenario: string, asks: string): void {
    this.scenario = scenario;
    this.#progress.begin(scenario, asks);
  }

  end(): void {
    this.#progress.clear();
  }

  /** Of a value for the full run and one for --quick, that of this run. */
  pick<T>(full: T, quick: T): T {
    return this.options.quick ? quick : full;
  }

  /** The path of the list that is read. */
  get listPath(): string {
    return `/elb/${encodeURIComponent(this.options.remote?.elb ?? 'default-elb')}`;
  }

  /** The servers of these kinds; of a deployed service there is no baseline, and so it comes alone. */
  async servers(...kinds: Kind[]): Promise<Server[]> {
    const { remote } = this.options;
    if (remote !== undefined)
      return [{ kind: 'service', url: remote.url, authorization: remote.authorization }];
    const servers: Server[] = [];
    for (const kind of kinds) servers.push(await this.lab.server(kind));
    return servers;
  }

  /** Asks a server for all of this at once, and keeps what was seen, also when it had to stop. @throws Interrupted, Unreachable */
  async measure(server: Server, ...asks: Ask[]): Promise<Run[]> {
    const stop = AbortSignal.any([this.signal, ...(server.gone === undefined ? [] : [server.gone])]);
    stopIfAborted(this.signal, server);
    if (server.aws !== undefined) await control(server.aws, 'DELETE', 'calls');
    const startedAt = performance.now();
    const limited = this.#limit(asks);
    const shots = limited.map((ask) => ({ ask, recorder: new Recorder() }));
    const first = shots[0];
    const ticker = setInterval(() => {
      for (const { ask, recorder } of shots) {
        const at = (performance.now() - startedAt) / 1000;
        const sample = recorder.sample(connectionsAt(ask, at - 0.5));
        if (recorder === first?.recorder)
          this.#progress.show(this.scenario, server.kind, ask, sample, recorder.failed);
      }
    }, 1000);
    let failure: unknown;
    try {
      await Promise.all(shots.map(({ ask, recorder }) => fire(server, ask, recorder, stop)));
    } catch (error) {
      failure = error;
    } finally {
      clearInterval(ticker);
    }
    const seconds = (performance.now() - startedAt) / 1000;
    const ended = stop.aborted || failure !== undefined;
    const aws = server.aws === undefined ? undefined : await awsCalls(server.aws).catch(() => undefined);
    const runs = shots.map(({ ask, recorder }, n) =>
      recorder.finish(
        {
          scenario: this.scenario,
          label: ask.label,
          server: server.kind,
          connections: ask.connections,
          ...(ask.rate !== undefined && { rate: ask.rate }),
          // The calls are those of all together: counted once.
          ...(aws !== undefined &&
            n === shots.length - 1 && {
              aws: { calls: aws.total, callsPerSecond: aws.total / seconds, throttled: aws.throttled },
            }),
          ...(ended && { cut: true as const }),
        },
        ask.amount !== undefined,
      ),
    );
    this.runs.push(...runs);
    stopIfAborted(this.signal, server);
    if (failure !== undefined)
      throw failure instanceof Error ? failure : new Error('the load could not be sent');
    if (
      runs.every(
        ({ requests, failed }) =>
          requests === failed && requests > 0 && runs[0]?.statuses['error'] === requests,
      )
    )
      throw new Unreachable(`${server.url} answered none of ${runs[0]?.requests ?? 0} requests.`);
    return runs;
  }

  /** Asks the servers in turn, so many rounds, so that a slow spell of the machine meets them all. */
  async alternate(
    servers: readonly Server[],
    rounds: number,
    ...asks: Ask[]
  ): Promise<Record<Kind, Run[][]>> {
    const results: Record<Kind, Run[][]> = { service: [], bare: [], naive: [] };
    for (let round = 0; round < rounds; round += 1) {
      for (const server of servers) results[server.kind].push(await this.measure(server, ...asks));
    }
    return results;
  }

  /** Keeps a run that was measured by other means. */
  keep(run: Run): void {
    this.runs.push(run);
  }

  /** A deployed service gets no more than --max-rate, whatever a scenario asks. */
  #limit(asks: readonly Ask[]): Ask[] {
    const { maxRate } = this.options.remote ?? {};
    if (maxRate === undefined) return [...asks];
    const limit = maxRate - asks.reduce((sum, { beside = 0 }) => sum + beside, 0);
    const set = asks.reduce((sum, { rate = 0 }) => sum + rate, 0);
    const free = asks.filter(({ rate }) => rate === undefined).length;
    const rateOf = ({ rate }: Ask): number =>
      rate === undefined
        ? Math.max(1, Math.floor(Math.max(limit - set, limit / 2) / free))
        : Math.max(1, Math.floor(rate * Math.min(1, limit / (free === 0 ? 1 : 2) / set)));
    return asks.map((ask) => {
      const rate = rateOf(ask);
      const amount = ask.amount === undefined ? {} : { amount: Math.min(ask.amount, rate * 30) };
      return { ...ask, ...amount, rate, connections: Math.min(ask.connections, rate) };
    });
  }
}

function stopIfAborted(signal: AbortSignal, server: Server): void {
  if (signal.aborted) throw new Interrupted();
  if (server.gone?.aborted === true) throw new Unreachable((server.gone.reason as Error).message);
}
