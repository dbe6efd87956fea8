import assert from 'node:assert/strict';
import { type OutgoingHttpHeaders, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import { type EmbeddedAws, type EmbeddedAwsOptions, startEmbeddedAws } from '../../embedded-aws/server.ts';
import { assertAnswerFits } from '../contract/answer-schema.ts';
import { watchLoopback } from './loopback.ts';
import { isBuildTested, type LogLine, type Service, startService, token } from './service.ts';
import { VirtualClock } from './virtual-clock.ts';
import { installTimersOf } from './virtual-timers.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

export interface Ask {
  readonly method?: string;
  /** A header that is undefined is not sent, also `Authorization`. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
}

/** The service, and the AWS that it asks. */
export interface World {
  readonly aws: EmbeddedAws;
  readonly service: Service;
  /** Sends a request with these headers alone: fetch would add `Cache-Control: no-cache` to some. */
  ask(path: string, how?: Ask): Promise<Answer>;
  attach(elbName: string, instanceId: string): Promise<Answer>;
  detach(elbName: string, instanceId: string): Promise<Answer>;
  /** The ids that a GET lists; it must answer 200. */
  ids(elbName: string, headers?: Record<string, string>): Promise<string[]>;
  /** Calls of one action, or of all, since the last `aws.resetCalls()`. */
  calls(action?: string): number;
  /** The time in which both live. */
  readonly clock: WorldClock;
  /** Lets time pass until it is so. Throws when that takes longer than 50 s. */
  eventually(isSo: () => boolean | Promise<boolean>, what: string): Promise<void>;
  close(): Promise<void>;
}

export const describeElbs = 'DescribeLoadBalancers';
export const describeInstances = 'DescribeInstances';
export const register = 'RegisterInstancesWithLoadBalancer';
export const deregister = 'DeregisterInstancesFromLoadBalancer';
export const describeHealth = 'DescribeInstanceHealth';
export const noCache = { 'Cache-Control': 'no-cache' };

/** The time in which a world lives. */
export interface WorldClock {
  /** Milliseconds since some fixed moment. */
  now(): number;
  /** The time of day, in milliseconds since 1970. */
  epochMs(): number;
  /** Lets `ms` milliseconds pass. */
  pass(ms: number): Promise<void>;
  /** Lets time pass until the promise settles, and returns what it brings. */
  run<T>(promise: Promise<T>): Promise<T>;
}

const realTime: WorldClock = {
  now: () => performance.now(),
  epochMs: () => Date.now(),
  pass: (ms) => sleep(ms),
  run: (promise) => promise,
};

type Between = (aws: EmbeddedAws) => Promise<string>;

/**
 * Starts both; `between` may put something between them and returns its URL. They live on a virtual clock, which moves
 * while a request of the test is being answered and in `clock.pass`, so that waiting takes no real time. Only where the
 * production build is tested, in a process of its own, they live in real time.
 */
export async function startWorld(
  awsOptions: EmbeddedAwsOptions = {},
  env: Record<string, string> = {},
  between: Between = (aws) => Promise.resolve(aws.url),
): Promise<World> {
  if (isBuildTested) return startWorldInRealTime(awsOptions, env, between);
  const loopback = watchLoopback();
  const clock = new VirtualClock(() => loopback.quiet());
  const aws = await startEmbeddedAws({ ...awsOptions, clock });
  const service = await startService(await between(aws), env, clock);
  const restoreTimers = installTimersOf(clock);
  const world = worldOf(aws, service, clock);
  return {
    ...world,
    close: async () => {
      restoreTimers();
      loopback.stop();
      await world.close();
    },
  };
}

/**
 * Starts both as `startWorld` does, but in real time: for requests of other processes. `clock` can make them faster, except
 * for the production build.
 */
export async function startWorldInRealTime(
  awsOptions: EmbeddedAwsOptions = {},
  env: Record<string, string> = {},
  between: Between = (aws) => Promise.resolve(aws.url),
  clock?: Clock,
): Promise<World> {
  const aws = await startEmbeddedAws({ ...awsOptions, ...(clock && { clock }) });
  return worldOf(aws, await startService(await between(aws), env, clock), realTime);
}

function worldOf(aws: EmbeddedAws, started: Service, clock: WorldClock): World {
  const ask = (path: string, how: Ask = {}) => clock.run(askService(started, path, how));
  const service: Service = {
    ...started,
    // Not by fetch, whose time-outs would be on the virtual clock, too.
    request: async (path, init) => {
      const { status, headers, body } = await ask(path, init as Ask);
      return new Response(body === '' ? null : body, { status, headers });
    },
    logged: (fits) => clock.run(started.logged(fits)),
  };
  const change = (method: string) => (elbName: string, instanceId: string) =>
    ask(`/elb/${elbName}`, { method, body: JSON.stringify({ instanceId }) });
  return {
    aws,
    service,
    ask,
    attach: change('POST'),
    detach: change('DELETE'),
    ids: async (elbName, headers = {}) => {
      const answer = await ask(`/elb/${elbName}`, { headers });
      assert.equal(answer.status, 200, answer.body);
      return idsOf(answer);
    },
    calls: (action) => (action === undefined ? aws.calls().calls : (aws.calls().actions[action]?.calls ?? 0)),
    clock,
    eventually: (isSo, what) => eventually(isSo, what, clock),
    close: async () => {
      await service.close();
      await aws.close();
    },
  };
}

/** The ids of a list that was answered. */
export function idsOf({ body }: Answer): string[] {
  return (JSON.parse(body) as { message: { instanceId: string }[] }).message.map(
    ({ instanceId }) => instanceId,
  );
}

/** Returns the log lines about the begin and the end of an outage. */
export function outageLines({ log }: Service): LogLine[] {
  return log.filter(({ msg }) => /; serving cached data$| works again$/.test(msg));
}

/** Polls until it is so. Throws when that takes longer than 50 s. */
export async function eventually(
  isSo: () => boolean | Promise<boolean>,
  what: string,
  clock: Pick<WorldClock, 'now' | 'pass'> = realTime,
): Promise<void> {
  const limit = clock.now() + 50_000;
  while (!(await isSo())) {
    assert.ok(clock.now() < limit, `not within 50 s: ${what}`);
    await clock.pass(20);
  }
}

async function askService(
  { url }: Service,
  path: string,
  { method = 'GET', headers = {}, body }: Ask,
): Promise<Answer> {
  const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
  const answer = await new Promise<Answer>((resolve, reject) => {
    const outgoing = request(
      url + path,
      { method, agent: false, headers: defined({ Authorization: `Basic ${token}`, ...length, ...headers }) },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const answered = Object.entries(incoming.headers).map(([name, value]): [string, string] => [
            name,
            String(value),
          ]);
          resolve({
            status: incoming.statusCode ?? 0,
            headers: new Headers(answered),
            body: Buffer.concat(chunks).toString(),
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
  assertAnswerFits(method, path, answer);
  return answer;
}

function defined(headers: Readonly<Record<string, string | number | undefined>>): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
}
