import assert from 'node:assert/strict';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EmbeddedAws, type EmbeddedAwsOptions, startEmbeddedAws } from '../../embedded-aws/server.ts';
import { assertAnswerFits } from '../contract/answer-schema.ts';
import { type LogLine, type Service, startService, token } from './service.ts';

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

/** Starts both; `between` may put something between them and returns its URL. */
export async function startWorld(
  awsOptions: EmbeddedAwsOptions = {},
  env: Record<string, string> = {},
  between: (aws: EmbeddedAws) => Promise<string> = (aws) => Promise.resolve(aws.url),
): Promise<World> {
  const aws = await startEmbeddedAws(awsOptions);
  const service = await startService(await between(aws), env);
  const ask = (path: string, how: Ask = {}) => askService(service, path, how);
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
  const limit = performance.now() + limitMs;
  while (!(await isSo())) {
    assert.ok(performance.now() < limit, `not within ${limitMs} ms: ${what}`);
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
