import { captureAnswer } from '../../lab/captured-answer.ts';
import { fillDefaultElb, listPath } from '../../lab/embedded-aws.ts';
import { type Running, start, startServiceWithAws } from '../../lab/processes.ts';
import { type LoadResult, measureLoad } from '../../load/load.ts';
import { type Figure, figure, median } from '../../promises/promise.ts';

const rounds = 7;
const servers = ['bare', 'fastify', 'service'] as const;
type Server = (typeof servers)[number];
const paths = [listPath];

/**
 * Measures cached reads of a list of 12 instances for several servers, one after another: the service, a bare node:http
 * server that sends the same headers and bytes, and Fastify, with 50 connections; the service and the bare server also
 * with 1,000 connections.
 */
export async function warmReads(): Promise<Figure[]> {
  const { aws, service, stop } = await startServiceWithAws();
  await fillDefaultElb(aws.url);
  const answer = await captureAnswer(service);
  const running: Record<Server, Running> = {
    bare: await start('scripts/measure/baselines/bare.mjs', { ANSWER: answer }),
    fastify: await start('scripts/measure/baselines/fastify.mjs', { ANSWER: answer }),
    service,
  };

  const results: Record<Server, (LoadResult & { cpuUs: number })[]> = { bare: [], fastify: [], service: [] };
  for (const server of servers) await measureLoad(running[server], { connections: 50, seconds: 2, paths });
  for (let round = 0; round < rounds; round += 1) {
    for (const server of servers) {
      const before = await running[server].usage();
      const result = await measureLoad(running[server], { connections: 50, seconds: 2, paths });
      const after = await running[server].usage();
      results[server].push({ ...result, cpuUs: ((after.cpuMs - before.cpuMs) * 1000) / result.requests });
    }
  }
  const crowds: Record<'bare' | 'service', LoadResult[]> = { bare: [], service: [] };
  for (let round = 0; round < 2; round += 1) {
    for (const server of ['bare', 'service'] as const)
      crowds[server].push(await measureLoad(running[server], { connections: 1000, seconds: 3, paths }));
  }
  await Promise.all([stop(), running.bare.stop(), running.fastify.stop()]);

  const of = (server: Server, field: 'requestsPerSecond' | 'p99' | 'cpuUs'): number =>
    median(results[server].map((result) => result[field]));
  const rate = (server: Server): number => of(server, 'requestsPerSecond');
  const crowd = (server: 'bare' | 'service'): number =>
    median(crowds[server].map(({ requestsPerSecond }) => requestsPerSecond));
  const failures = (all: readonly LoadResult[]): number => all.reduce((sum, { failed }) => sum + failed, 0);
  const crowdFailures = Math.max(0, failures(crowds.service) - failures(crowds.bare));
  const p99 = of('service', 'p99') / of('bare', 'p99');
  const none = { atMost: 0 };
  return [
    ...servers.map((server) => figure(`50 connections: ${server}`, rate(server), 'req/s')),
    ...servers.map((server) => figure(`50 connections: ${server}, CPU`, of(server, 'cpuUs'), 'µs/req')),
    figure('50 connections: service / bare', rate('service') / rate('bare'), '×', { atLeast: 0.78 }),
    figure('50 connections: service / fastify', rate('service') / rate('fastify'), '×', { atLeast: 1.1 }),
    figure('50 connections: p99, service / bare', p99, '×', { atMost: 1.5 }),
    figure('50 connections: responses other than 200', failures(results.service), 'requests', none),
    figure('1,000 connections: bare', crowd('bare'), 'req/s'),
    figure('1,000 connections: service', crowd('service'), 'req/s'),
    figure('1,000 connections: service / bare', crowd('service') / crowd('bare'), '×', { atLeast: 0.65 }),
    figure('1,000 connections: errors and timeouts beyond the bare server', crowdFailures, 'requests', none),
  ];
}
