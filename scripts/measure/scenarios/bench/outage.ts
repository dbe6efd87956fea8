import { load } from '../../load/bench-load.ts';
import { control, request, startAws, startService } from '../../lab/processes.ts';
import type { Figure } from '../../promises/promise.ts';

const path = '/elb/default-elb';
const silentSeconds = 20;

/** AWS takes requests and answers none for 20 s, under load; then it is back. */
export async function outage(): Promise<Figure[]> {
  const aws = await startAws('--latency', '40');
  const service = await startService(aws.url);
  // Code that runs for the first time is slow, and is not what this measures.
  await load(service.url, path, { connections: 50, seconds: 2, rate: 2000 });
  await control(aws.url, 'PUT', 'faults', { faults: [{ silent: true }] });
  const result = await load(service.url, path, { connections: 50, seconds: silentSeconds, rate: 2000 });
  await control(aws.url, 'DELETE', 'faults');
  const backAt = performance.now();
  while (!(await isFresh(service.url))) await new Promise((resolve) => setTimeout(resolve, 20));
  const freshAfter = performance.now() - backAt;
  await Promise.all([aws.stop(), service.stop()]);
  return [
    { name: 'AWS silent 20 s: reads', value: result.requests, unit: '' },
    {
      name: 'AWS silent 20 s: failed reads',
      value: result.errors + result.timeouts + result.non2xx,
      unit: '',
      atMost: 0,
    },
    { name: 'AWS silent 20 s: slowest read', value: result.max, unit: 'ms', atMost: 500 },
    { name: 'AWS back: fresh after', value: freshAfter, unit: 'ms', atMost: 3000 },
  ];
}

async function isFresh(serviceUrl: string): Promise<boolean> {
  const response = await request(serviceUrl, path);
  await response.arrayBuffer();
  return Number(response.headers.get('age')) <= 2;
}
