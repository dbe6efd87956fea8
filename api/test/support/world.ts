import assert from 'node:assert/strict';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EmbeddedAws, type EmbeddedAwsOptions, startEmbeddedAws } from '../../embedded-aws/server.ts';
import { assertAnswerFits } from '../contract/answer-schema.ts';
import { quietLoopback } from './loopback.ts';
import { type LogLine, type Service, startService, token } from './service.ts';
import { VirtualClock } from './virtual-clock.ts';
import { installTimersOf } from './virtual-timers.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string>;
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
  close(): Promise<void>;
}

export const describeElbs = 'DescribeLoadBalancers';
export const describeInstances = 'DescribeInstances';
export const register = 'RegisterInstancesWithLoadBalancer';
export const deregister = 'DeregisterInstancesFromLoadBalancer';
export const describeHealth = 'DescribeInstanceHealth';
export const noCache = { 'Cache-Control': 'no-cache' };

/** A world in which all waiting takes no real time: its clock moves while a request of the test is being answered. */
export interface VirtualWorld extends World {
  readonly clock: VirtualClock;
  /** Lets time pass until it is so. Throws when that takes longer than 50 s. */
  eventually(isSo: () => boolean | Promise<boolean>, what: string): Promise<void>;
}

/** Starts both; `between` may put something between them and returns its URL. */
export async function startWorld(
  awsOptions: EmbeddedAwsOptions = {},
  env: Record<string, string> = {},
  between: (aws: EmbeddedAws) => Promise<string> = (aws) => Promise.resolve(aws.url),
): Promise<World> {
  const aws = await startEmbeddedAws(awsOptions);
  const service = await startService(await between(aws), env);
  return worldOf(aws, service, (path, how = {}) => askService(service, path, how));
}

/**
 * Starts both in this process, on a virtual clock; `between` as for `startWorld`. The suite must skip its tests by
 * `skipWithoutVirtualClock` where that is not possible.
 */
export async function startVirtualWorld(
  awsOptions: EmbeddedAwsOptions = {},
  env: Record<string, string> = {},
  between: (aws: EmbeddedAws) => Promise<string> = (aws) => Promise.resolve(aws.url),
): Promise<VirtualWorld> {
  const clock = new VirtualClock(quietLoopback);
  const aws = await startEmbeddedAws({ ...awsOptions, clock });
  const service = await startService(await between(aws), env, clock);
  const restoreTimers = installTimersOf(clock);
  const world = worldOf(
    aws,
    { ...service, request: (path, init) => clock.run(service.request(path, init)) },
    (path, how = {}) => clock.run(askService(service, path, how)),
  );
  return {
    ...world,
    clock,
    eventually: (isSo, what) =>
      clock.run(poll(isSo, what, { now: () => clock.now(), sleep: (ms) => clock.sleep(ms) })),
    close: async () => {
      restoreTimers();
      await world.close();
    },
  };
}

function worldOf(aws: EmbeddedAws, service: Service, ask: World['ask']): World {
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

/** The lines of warning and information that tell of an outage and of its end. */
export function outageLines({ log }: Service): LogLine[] {
  return log.filter(({ msg }) => msg.startsWith('AWS does not tell') || msg.startsWith('AWS tells'));
}

/** Polls until it is so. Throws when that takes longer than `limitMs`. */
export async function eventually(
  isSo: () => boolean | Promise<boolean>,
  what: string,
  limitMs = 50_000,
): Promise<void> {
  await poll(isSo, what, { now: () => performance.now(), sleep }, limitMs);
}

async function poll(
  isSo: () => boolean | Promise<boolean>,
  what: string,
  { now, sleep }: { now: () => number; sleep: (ms: number) => Promise<unknown> },
  limitMs = 50_000,
): Promise<void> {
  const limit = now() + limitMs;
  while (!(await isSo())) {
    assert.ok(now() < limit, `not within ${limitMs} ms: ${what}`);
    await sleep(20);
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
      { method, agent: false, headers: { Authorization: `Basic ${token}`, ...length, ...headers } },
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
