import { setTimeout as sleep } from 'node:timers/promises';
import { control, listPath } from '../../lab/embedded-aws.ts';
import { startServiceWithAws } from '../../lab/processes.ts';
import { measureLoad } from '../../load/load.ts';
import { request, type Target } from '../../load/request.ts';
import { type Figure, figure } from '../../promises/promise.ts';

/** Sends reads under load while AWS does not respond for 20 s, then measures how soon the list is fresh again. */
export async function outage(): Promise<Figure[]> {
  const { aws, service, stop } = await startServiceWithAws('--latency', '40');
  const load = { connections: 50, rate: 2000, paths: [listPath] };
  // The first requests are not measured, because they run code that is not compiled yet.
  await measureLoad(service, { ...load, seconds: 2 });
  await control(aws.url, 'PUT', 'faults', { faults: [{ silent: true }] });
  const { requests, failed, max } = await measureLoad(service, { ...load, seconds: 20 });
  await control(aws.url, 'DELETE', 'faults');
  const backAt = performance.now();
  while (!(await isFresh(service))) await sleep(20);
  const freshAfter = performance.now() - backAt;
  await stop();
  return [
    figure('AWS silent 20 s: reads', requests),
    figure('AWS silent 20 s: failed reads', failed, '', { atMost: 0 }),
    figure('AWS silent 20 s: slowest read', max, 'ms', { atMost: 500 }),
    figure('AWS back: fresh after', freshAfter, 'ms', { atMost: 3000 }),
  ];
}

async function isFresh(service: Target): Promise<boolean> {
  const response = await request(service, listPath);
  await response.arrayBuffer();
  return Number(response.headers.get('age')) <= 2;
}
