import { captureAnswer } from './captured-answer.ts';
import { sendLoad } from '../load/load.ts';
import type { Run } from '../load/recorder.ts';
import type { Target } from '../load/request.ts';
import { fillDefaultElb, listPath } from './embedded-aws.ts';
import { type Running, serviceEnv, start, startAws, startService } from './processes.ts';

export type Kind = Run['server'];

/** A server under measurement, on this machine or elsewhere. */
export interface Server extends Target {
  readonly kind: Kind;
  /** The URL of the embedded AWS that the server calls. */
  readonly aws?: string;
  /** A signal that aborts when the process of the server, or of its embedded AWS, ends unexpectedly. */
  readonly gone?: AbortSignal;
}

/** Returns an empty list of runs for each kind of server. */
export function runsByKind<T>(): Record<Kind, T[]> {
  return { service: [], bare: [], naive: [] };
}

/** The servers on this machine. Each server starts when it is first used, and has its own embedded AWS. */
export class Lab {
  readonly #running: Running[] = [];
  readonly #servers = new Map<Kind, Promise<Server>>();

  server(kind: Kind): Promise<Server> {
    const known = this.#servers.get(kind);
    if (known !== undefined) return known;
    const starting = this.#start(kind);
    this.#servers.set(kind, starting);
    return starting;
  }

  /** Returns the error of a process that ended unexpectedly, if there is one. */
  lost(): Error | undefined {
    return this.#running.find(({ gone }) => gone.aborted)?.gone.reason as Error | undefined;
  }

  async close(): Promise<void> {
    await Promise.all(this.#running.map((one) => one.stop()));
  }

  async #start(kind: Kind): Promise<Server> {
    if (kind === 'service') return warm((await this.startWorld()).server);
    if (kind === 'bare') {
      const answer = await captureAnswer(await this.server('service'));
      const bare = await start('scripts/measure/baselines/bare.mjs', { ANSWER: answer });
      return warm({ kind, ...this.#keep(bare) });
    }
    const aws = await this.#startAws();
    const naive = this.#keep(
      await start('scripts/measure/baselines/naive-koa.ts', serviceEnv(aws.url), ['--import', 'tsx']),
    );
    return { ...naive, kind, aws: aws.url, gone: AbortSignal.any([aws.gone, naive.gone]) };
  }

  /** Starts a new service with a new region. `restart` replaces the service. */
  async startWorld(...awsArgs: string[]): Promise<{ server: Server; restart: () => Promise<Server> }> {
    const aws = await this.#startAws(...awsArgs);
    let service: Running | undefined;
    const restart = async (): Promise<Server> => {
      await service?.stop();
      service = this.#keep(await startService(aws.url));
      return { ...service, kind: 'service', aws: aws.url, gone: AbortSignal.any([aws.gone, service.gone]) };
    };
    return { server: await restart(), restart };
  }

  async #startAws(...awsArgs: string[]): Promise<Running> {
    const aws = this.#keep(await startAws('--latency', '40', '--rate-limits', ...awsArgs));
    await fillDefaultElb(aws.url);
    return aws;
  }

  #keep(running: Running): Running {
    this.#running.push(running);
    return running;
  }
}

/** Sends the first requests, which are not measured because they run code that is not compiled yet. */
async function warm(server: Server): Promise<Server> {
  await sendLoad(server, { connections: 50, seconds: 1.5, paths: [listPath, '/healthcheck'] }, server.gone);
  return server;
}
