import { captureAnswer, fillDefaultElb } from './answer.ts';
import { authorization, type Running, start, startAws, startService } from './processes.ts';
import { Recorder, type Run } from '../load/recorder.ts';
import { fire } from '../load/load.ts';

export type Kind = Run['server'];

/** A server under measurement, here or elsewhere. */
export interface Server {
  readonly kind: Kind;
  readonly url: string;
  readonly authorization: string;
  /** The embedded AWS behind it. */
  readonly aws?: string;
  /** Aborted when its process or that of its AWS ends by itself. */
  readonly gone?: AbortSignal;
}

/** The servers of this machine: each is started when it is first wanted, and has an embedded AWS of its own. */
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

  /** Why a process ended that nobody stopped, if one did. */
  lost(): Error | undefined {
    return this.#running.find(({ gone }) => gone.aborted)?.gone.reason as Error | undefined;
  }

  async close(): Promise<void> {
    await Promise.all(this.#running.map((one) => one.stop()));
  }

  async #start(kind: Kind): Promise<Server> {
    if (kind === 'service') return warm((await this.startWorld()).server);
    if (kind === 'bare') {
      const answer = await captureAnswer((await this.server('service')).url);
      const bare = this.#keep(await start('scripts/measure/baselines/bare.mjs', { ANSWER: answer }));
      return warm({ kind, url: bare.url, authorization, gone: bare.gone });
    }
    const aws = this.#keep(await startAws('--latency', '40', '--rate-limits'));
    await fillDefaultElb(aws.url);
    const naive = this.#keep(
      await start('scripts/measure/baselines/naive-koa.ts', naiveEnv(aws.url), ['--import', 'tsx']),
    );
    return {
      kind,
      url: naive.url,
      authorization,
      aws: aws.url,
      gone: AbortSignal.any([aws.gone, naive.gone]),
    };
  }

  /** Starts a service of its own on a region of its own, for a scenario that needs a fresh one. */
  async startWorld(...awsOptions: string[]): Promise<{ server: Server; restart: () => Promise<Server> }> {
    const aws = this.#keep(await startAws('--latency', '40', '--rate-limits', ...awsOptions));
    await fillDefaultElb(aws.url);
    let service: Running | undefined;
    const restart = async (): Promise<Server> => {
      await service?.stop();
      service = this.#keep(await startService(aws.url));
      const gone = AbortSignal.any([aws.gone, service.gone]);
      return { kind: 'service', url: service.url, authorization, aws: aws.url, gone };
    };
    return { server: await restart(), restart };
  }

  #keep(running: Running): Running {
    this.#running.push(running);
    return running;
  }
}

function naiveEnv(awsUrl: string): Record<string, string> {
  return {
    NODE_ENV: 'production',
    API_TOKEN: authorization.slice('Basic '.length),
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: awsUrl,
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
  };
}

/** Code that runs for the first time is slow, and is not what the scenarios measure. */
async function warm(server: Server): Promise<Server> {
  const ask = {
    label: 'warm up',
    connections: 50,
    seconds: 1.5,
    paths: ['/elb/default-elb', '/healthcheck'],
  };
  await fire(server, ask, new Recorder(), server.gone ?? new AbortController().signal);
  return server;
}
