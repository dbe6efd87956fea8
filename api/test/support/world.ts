import assert from 'node:assert/strict';
import { type OutgoingHttpHeaders, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, systemClock } from '../../clock.ts';
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

export interface RequestOptions {
  readonly method?: string;
  /** Headers with the value undefined are not sent, including the default `Authorization` header. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
}

/** A running service with a running embedded AWS. */
export interface World {
  readonly aws: EmbeddedAws;
  readonly service: Service;
  /** Sends a request without additional headers (fetch adds `Cache-Control: no-cache` to some requests). */
  ask(path: string, options?: RequestOptions): Promise<Answer>;
  attach(elbName: string, instanceId: string): Promise<Answer>;
  detach(elbName: string, instanceId: string): Promise<Answer>;
  /** Returns the ids in the list. Throws if the status is not 200. */
  ids(elbName: string, headers?: Record<string, string>): Promise<string[]>;
  /** Returns the number of AWS calls to one action, or to all actions, since the last `aws.resetCalls()`. */
  calls(action?: string): number;
  /** The clock of the service and of the embedded AWS. */
  readonly clock: WorldClock;
  /** Polls until the condition is true. Throws with `description` after 50 s. */
  eventually(condition: () => boolean | Promise<boolean>, description: string): Promise<void>;
  close(): Promise<void>;
}

export const describeElbs = 'DescribeLoadBalancers';
export const describeInstances = 'DescribeInstances';
export const register = 'RegisterInstancesWithLoadBalancer';
export const deregister = 'DeregisterInstancesFromLoadBalancer';
export const describeHealth = 'DescribeInstanceHealth';
export const noCache = { 'Cache-Control': 'no-cache' };

/** The virtual or real clock of a world. */
export interface WorldClock {
  /** Returns the milliseconds since an arbitrary origin. */
  now(): number;
  /** Returns the milliseconds since the Unix epoch. */
  epochMs(): number;
  /** Advances time by `ms` milliseconds. */
  pass(ms: number): Promise<void>;
  /** Advances time until the promise settles, and returns its result. */
  run<T>(promise: Promise<T>): Promise<T>;
}

const realTime: WorldClock = {
  ...systemClock,
  pass: (ms) => sleep(ms),
  run: (promise) => promise,
};

type StartProxy = (aws: EmbeddedAws) => Promise<string>;

/**
 * Starts an embedded AWS and the service. `startProxy` can start a proxy between them, and returns the URL of the
 * proxy. Both use a virtual clock, which advances during the requests of the test and in `clock.pass`, so that waiting
 * takes no real time. Tests of the production build, which runs in a separate process, use real time.
 */
export async function startWorld(
  awsOptions: EmbeddedAwsOptions = {},
  env: Record<string, string> = {},
  startProxy: StartProxy = (aws) => Promise.resolve(aws.url),
): Promise<World> {
  if (isBuildTested) return startWorldInRealTime(awsOptions, env, startProxy);
  const loopback = watchLoopback();
  const clock = new VirtualClock(() => loopback.idle());
  const aws = await startEmbeddedAws({ ...awsOptions, clock });
  const service = await startService(await startProxy(aws), env, clock);
  const restoreTimers = installTimersOf(clock);
  const world = worldOf(aws, service, clock);
  return {
    ...world,
    close: async () => {
      // The service closes all connections within 10 s.
      await Promise.all([world.close(), clock.pass(10_000)]);
      restoreTimers();
      loopback.stop();
    },
  };
}

/**
 * Like `startWorld`, but in real time, for requests from other processes. `clock` can run faster than real time, except
 * for the production build.
 */
export async function startWorldInRealTime(
  awsOptions: EmbeddedAwsOptions = {},
  env: Record<string, string> = {},
  startProxy: StartProxy = (aws) => Promise.resolve(aws.url),
  clock?: Clock,
): Promise<World> {
  const aws = await startEmbeddedAws({ ...awsOptions, ...(clock && { clock }) });
  return worldOf(aws, await startService(await startProxy(aws), env, clock), realTime);
}

function worldOf(aws: EmbeddedAws, started: Service, clock: WorldClock): World {
  const ask = (path: string, options: RequestOptions = {}) => clock.run(sendRequest(started, path, options));
  const service: Service = {
    ...started,
    // fetch is unsuitable because its timeouts would run on the virtual clock.
    request: async (path, init) => {
      const { status, headers, body } = await ask(path, init as RequestOptions);
      return new Response(body === '' ? null : body, { status, headers });
    },
    logged: (matches) => clock.run(started.logged(matches)),
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
    eventually: (condition, description) => eventually(condition, description, clock),
    close: async () => {
      await service.close();
      await aws.close();
    },
  };
}

/** Returns the instance ids in a list response. */
export function idsOf({ body }: Answer): string[] {
  return (JSON.parse(body) as { message: { instanceId: string }[] }).message.map(
    ({ instanceId }) => instanceId,
  );
}

/** Returns the log lines about the beginning and the end of outages. */
export function outageLines({ log }: Service): LogLine[] {
  return log.filter(({ msg }) => /; serving cached data$| has recovered$/.test(msg));
}

/** Polls until the condition is true. Throws with `description` after 50 s. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  description: string,
  clock: Pick<WorldClock, 'now' | 'pass'> = realTime,
): Promise<void> {
  const limit = clock.now() + 50_000;
  while (!(await condition())) {
    assert.ok(clock.now() < limit, `still false after 50 s: ${description}`);
    await clock.pass(20);
  }
}

async function sendRequest(
  { url }: Service,
  path: string,
  { method = 'GET', headers = {}, body }: RequestOptions,
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
          const received = Object.entries(incoming.headers).map(([name, value]): [string, string] => [
            name,
            String(value),
          ]);
          resolve({
            status: incoming.statusCode ?? 0,
            headers: new Headers(received),
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
