import { spawn } from 'node:child_process';
import { unusedPort } from '../../../../api/test/support/unused-port.ts';
import { load } from '../../load/bench-load.ts';
import { authorization, request, startAws, startService } from '../../lab/processes.ts';
import { type Figure, median } from '../../promises/promise.ts';

/** How long the production build takes from its start to the first 200, beside a bare server; and its memory. */
export async function processCosts(): Promise<Figure[]> {
  const aws = await startAws();
  const times = { bare: [] as number[], service: [] as number[] };
  const bare = `require('node:http').createServer((_q, s) => s.end('ok')).listen(Number(process.env.PORT), '127.0.0.1')`;
  for (let round = 0; round < 5; round += 1) {
    times.bare.push(await timeToFirstAnswer(['-e', bare], {}));
    times.service.push(
      await timeToFirstAnswer(['dist/server.js'], {
        AWS_BACKEND: 'aws',
        AWS_ENDPOINT_URL: aws.url,
        AWS_ACCESS_KEY_ID: 'bench',
        AWS_SECRET_ACCESS_KEY: 'bench',
        API_TOKEN: authorization.slice('Basic '.length),
        HOST: '127.0.0.1',
      }),
    );
  }
  const service = await startService(aws.url);
  await (await request(service.url, '/elb/default-elb')).arrayBuffer();
  const body = JSON.stringify({ instanceId: 'i-0b22a22eec53b9321' });
  await (await request(service.url, '/elb/default-elb', { method: 'POST', body })).arrayBuffer();
  const { rssBytes } = await service.usage();
  await Promise.all([aws.stop(), service.stop()]);
  return [
    { name: 'start to first 200: bare', value: median(times.bare), unit: 'ms' },
    { name: 'start to first 200: service', value: median(times.service), unit: 'ms' },
    {
      name: 'start to first 200: service / bare',
      value: median(times.service) / median(times.bare),
      unit: '×',
      atMost: 8,
    },
    { name: 'memory after one read and one attach', value: rssBytes / 1e6, unit: 'MB', atMost: 140 },
  ];
}

/** One million warm reads: what the process keeps of them. */
export async function memoryGrowth(): Promise<Figure[]> {
  const aws = await startAws();
  const service = await startService(aws.url);
  await load(service.url, '/elb/default-elb', { connections: 50, amount: 100_000 });
  const before = await service.usage();
  const result = await load(service.url, '/elb/default-elb', { connections: 50, amount: 900_000 });
  const after = await service.usage();
  await Promise.all([aws.stop(), service.stop()]);
  return [
    {
      name: 'one million requests: not answered with 200',
      value: result.errors + result.timeouts + result.non2xx,
      unit: '',
      atMost: 0,
    },
    {
      name: 'one million requests: memory grown after the first 100,000',
      value: (after.rssBytes - before.rssBytes) / 1e6,
      unit: 'MB',
      atMost: 20,
    },
  ];
}

async function timeToFirstAnswer(args: string[], env: Record<string, string>): Promise<number> {
  const port = await unusedPort();
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env['PATH'], PORT: String(port), ...env },
    stdio: 'ignore',
  });
  while (!(await answers(port))) await new Promise((resolve) => setTimeout(resolve, 2));
  const took = performance.now() - startedAt;
  child.kill('SIGKILL');
  return took;
}

async function answers(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/healthcheck`)).ok;
  } catch {
    return false;
  }
}
