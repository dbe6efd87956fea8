import { load, type LoadResult } from '../../load/bench-load.ts';
import { captureAnswer, fillDefaultElb, listPath as path } from '../../lab/answer.ts';
import { type Running, start, startAws, startService } from '../../lab/processes.ts';
import { type Figure, median } from '../../promises/promise.ts';

const rounds = 7;
const servers = ['bare', 'fastify', 'service'] as const;
type Server = (typeof servers)[number];

/**
 * Warm reads of a list of 12, at 50 connections: the service, a bare node:http server that writes the same headers and
 * bytes, and Fastify, in turn; and at 1,000 connections the first two.
 */
export async function warmReads(): Promise<Figure[]> {
  const aws = await startAws();
  const service = await startService(aws.url);
  await fillDefaultElb(aws.url);
  const answer = await captureAnswer(service.url);
  const running: Record<Server, Running> = {
    bare: await start('scripts/measure/baselines/bare.mjs', { ANSWER: answer }),
    fastify: await start('scripts/measure/baselines/fastify.mjs', { ANSWER: answer }),
    service,
  };

  const results: Record<Server, (LoadResult & { cpuUs: number })[]> = { bare: [], fastify: [], service: [] };
  for (const server of servers) await load(running[server].url, path, { connections: 50, seconds: 2 });
  for (let round = 0; round < rounds; round += 1) {
    for (const server of servers) {
      const before = await running[server].usage();
      const result = await load(running[server].url, path, { connections: 50, seconds: 2 });
      const after = await running[server].usage();
      results[server].push({ ...result, cpuUs: ((after.cpuMs - before.cpuMs) * 1000) / result.requests });
    }
  }
  const crowds: Record<'bare' | 'service', LoadResult[]> = { bare: [], service: [] };
  for (let round = 0; round < 2; round += 1) {
    for (const server of ['bare', 'service'] as const) {
      crowds[server].push(await load(running[server].url, path, { connections: 1000, seconds: 3 }));
    }
  }
  await Promise.all([aws, ...Object.values(running)].map((process) => process.stop()));

  const of = (server: Server, figure: 'requestsPerSecond' | 'p99' | 'cpuUs'): number =>
    median(results[server].map((result) => result[figure]));
  const crowd = (server: 'bare' | 'service'): number =>
    median(crowds[server].map(({ requestsPerSecond }) => requestsPerSecond));
  const failures = (server: 'bare' | 'service'): number =>
    crowds[server].reduce((sum, { errors, timeouts, non2xx }) => sum + errors + timeouts + non2xx, 0);
  return [
    ...servers.map((server) => ({
      name: `50 connections: ${server}`,
      value: of(server, 'requestsPerSecond'),
      unit: 'req/s',
    })),
    ...servers.map((server) => ({
      name: `50 connections: ${server}, CPU`,
      value: of(server, 'cpuUs'),
      unit: 'µs/req',
    })),
    ratio(
      '50 connections: service / bare',
      of('service', 'requestsPerSecond') / of('bare', 'requestsPerSecond'),
      0.75,
    ),
    ratio(
      '50 connections: service / fastify',
      of('service', 'requestsPerSecond') / of('fastify', 'requestsPerSecond'),
      1.1,
    ),
    {
      name: '50 connections: p99, service / bare',
      value: of('service', 'p99') / of('bare', 'p99'),
      unit: '×',
      atMost: 2,
    },
    {
      name: '50 connections: not answered with 200',
      value: results.service.reduce(
        (sum, { errors, timeouts, non2xx }) => sum + errors + timeouts + non2xx,
        0,
      ),
      unit: 'requests',
      atMost: 0,
    },
    { name: '1,000 connections: bare', value: crowd('bare'), unit: 'req/s' },
    { name: '1,000 connections: service', value: crowd('service'), unit: 'req/s' },
    ratio('1,000 connections: service / bare', crowd('service') / crowd('bare'), 0.65),
    {
      name: '1,000 connections: errors and timeouts beyond the bare server',
      value: Math.max(0, failures('service') - failures('bare')),
      unit: 'requests',
      atMost: 0,
    },
  ];
}

function ratio(name: string, value: number, atLeast: number): Figure {
  return { name, value, unit: '×', atLeast };
}
