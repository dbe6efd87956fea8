import { setTimeout as sleep } from 'node:timers/promises';
import { responds, start } from '../../../../api/test/support/process.ts';
import { unusedPort } from '../../../../api/test/support/unused-port.ts';
import { listPath } from '../../lab/embedded-aws.ts';
import { serviceEnv, startServiceWithAws } from '../../lab/processes.ts';
import { measureLoad } from '../../load/load.ts';
import { request } from '../../load/request.ts';
import { type Figure, figure, median } from '../../promises/promise.ts';

const bareServer = `require('node:http').createServer((_q, s) => s.end('ok')).listen(Number(process.env.PORT), '127.0.0.1')`;

/**
 * Measures the time from the start of the production build to its first 200 response, compared with a bare server, and
 * its memory use.
 */
export async function processCosts(): Promise<Figure[]> {
  const { aws, service, stop } = await startServiceWithAws();
  await (await request(service, listPath)).arrayBuffer();
  const body = JSON.stringify({ instanceId: 'i-0b22a22eec53b9321' });
  await (await request(service, listPath, { method: 'POST', body })).arrayBuffer();
  const { rssBytes } = await service.usage();
  await service.stop();
  const times = { bare: [] as number[], service: [] as number[] };
  for (let round = 0; round < 5; round += 1) {
    times.bare.push(await timeToFirstAnswer(['-e', bareServer], {}));
    times.service.push(await timeToFirstAnswer(['dist/server.js'], serviceEnv(aws.url)));
  }
  await stop();
  const [bare, own] = [median(times.bare), median(times.service)];
  return [
    figure('start to first 200: bare', bare, 'ms'),
    figure('startup to first 200: service', own, 'ms'),
    figure('start to first 200: service / bare', own / bare, '×', { atMost: 8 }),
    figure('memory after one read and one attach', rssBytes / 1e6, 'MB', { atMost: 140 }),
  ];
}

/** Sends one million cached reads and measures the growth in memory use. */
export async function memoryGrowth(): Promise<Figure[]> {
  const { service, stop } = await startServiceWithAws();
  const load = { connections: 50, paths: [listPath] };
  await measureLoad(service, { ...load, amount: 100_000 });
  const before = await service.usage();
  const { failed } = await measureLoad(service, { ...load, amount: 900_000 });
  const after = await service.usage();
  await stop();
  const grown = (after.rssBytes - before.rssBytes) / 1e6;
  return [
    figure('one million requests: responses other than 200', failed, '', { atMost: 0 }),
    figure('one million requests: memory growth after the first 100,000', grown, 'MB', { atMost: 20 }),
  ];
}

async function timeToFirstAnswer(args: string[], env: Record<string, string>): Promise<number> {
  const port = await unusedPort();
  const startedAt = performance.now();
  const options = { isolated: true, stdio: 'ignore' } as const;
  const server = start(process.execPath, args, { ...env, PORT: String(port) }, options);
  while (!(await responds(`http://127.0.0.1:${port}/healthcheck`))) await sleep(2);
  const took = performance.now() - startedAt;
  await server.stop('SIGKILL');
  return took;
}
