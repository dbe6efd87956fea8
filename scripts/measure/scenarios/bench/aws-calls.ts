import { setTimeout as sleep } from 'node:timers/promises';
import { awsCalls, control, listPath, listPaths } from '../../lab/embedded-aws.ts';
import { startServiceWithAws } from '../../lab/processes.ts';
import { measureLoad } from '../../load/load.ts';
import { request } from '../../load/request.ts';
import { type Figure, figure, median } from '../../promises/promise.ts';

/** Counts AWS calls during 20 s of reads on 12 connections, with 40 ms per call. */
export async function fewCalls(): Promise<Figure[]> {
  const { aws, service, stop } = await startWarm('--latency', '40');
  const load = { connections: 12, seconds: 20, rate: 4000, paths: [listPath] };
  const { requests, non2xx } = await measureLoad(service, load);
  const { calls } = await awsCalls(aws.url);
  await stop();
  const name = '12 connections, 20 s';
  return [
    figure(`${name}: requests`, requests),
    figure(`${name}: responses other than 200`, non2xx, '', { atMost: 0 }),
    figure(`${name}: DescribeLoadBalancers`, calls('DescribeLoadBalancers'), 'calls', { atMost: 11 }),
    figure(`${name}: DescribeInstances`, calls('DescribeInstances'), 'calls', { atMost: 1 }),
  ];
}

/** Reads 500 load balancers with 20 instances each, in random order, for over a minute, with the AWS rate limits. */
export async function manyElbs(): Promise<Figure[]> {
  const size = ['--elbs', '500', '--instances', '10000'];
  const { aws, service, stop } = await startWarm('--latency', '40', '--rate-limits', ...size);
  const paths = (await listPaths(aws.url)).sort(() => Math.random() - 0.5);
  await control(aws.url, 'DELETE', 'calls');

  const startedAt = performance.now();
  await service.usage(true);
  await Promise.all(paths.slice(0, 20).map((path) => request(service, path)));
  // In the first seconds, the service reads the details of 10,000 instances. After that, the data for reads is cached.
  const filling = await measureLoad(service, { connections: 50, seconds: 8, paths, rate: 2000 });
  const warm = await measureLoad(service, { connections: 50, seconds: 6, paths });
  const one = await measureLoad(service, { connections: 50, seconds: 6, paths: paths.slice(0, 1) });
  const warmAgain = await measureLoad(service, { connections: 50, seconds: 6, paths });
  // All details expire after a minute. The service reads them again while it returns the lists.
  const seconds = Math.ceil((70_000 - (performance.now() - startedAt)) / 1000);
  const renewing = await measureLoad(service, { connections: 50, seconds, paths, rate: 2000 });
  const { maxLoopDelayMs } = await service.usage();
  const { calls, throttled, log } = await awsCalls(aws.url);
  const windows = (performance.now() - startedAt) / 2000;
  const times = log.filter(({ action }) => action === 'DescribeInstances').map(({ atMs }) => atMs);
  const inWorstMinute = Math.max(
    ...times.map((from) => times.filter((at) => at >= from && at < from + 60_000).length),
  );
  await stop();
  const failures = [filling, warm, warmAgain, renewing].reduce((sum, { non2xx }) => sum + non2xx, 0);
  const describes = calls('DescribeLoadBalancers') / windows;
  const p99 = median([warm.p99, warmAgain.p99]);
  return [
    figure('500 ELBs: DescribeLoadBalancers per freshness window of 2 s', describes, 'calls', { atMost: 3 }),
    figure('500 ELBs: DescribeInstances in the worst minute of 70 s', inWorstMinute, 'calls', { atMost: 51 }),
    figure('500 ELBs: throttled by AWS', throttled, 'calls', { atMost: 0 }),
    figure('500 ELBs: responses other than 200', failures, '', { atMost: 0 }),
    figure('500 ELBs: longest stall of the event loop', maxLoopDelayMs, 'ms', { atMost: 100 }),
    figure('500 ELBs: p99, any / one ELB', p99 / one.p99, '×', { atMost: 3 }),
    figure('500 ELBs: p99 while all details are renewed (2,000 req/s)', renewing.p99, 'ms'),
  ];
}

/** Sends reads that require an AWS call, with the AWS rate limits. */
export async function noCache(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [connections, atLeast] of [
    [12, 50],
    [100, 400],
  ] as const) {
    const { aws, service, stop } = await startWarm('--latency', '40', '--rate-limits');
    const headers = { 'Cache-Control': 'no-cache' };
    const result = await measureLoad(service, { connections, seconds: 8, headers, paths: [listPath] });
    const { throttled } = await awsCalls(aws.url);
    await stop();
    const name = `no-cache, ${connections} connections`;
    figures.push(
      figure(name, result.requestsPerSecond, 'req/s', { atLeast }),
      figure(`${name}: throttled by AWS`, throttled, 'calls', { atMost: 0 }),
      figure(`${name}: responses other than 200`, result.non2xx, '', { atMost: 0 }),
    );
  }
  return figures;
}

async function startWarm(...awsArgs: string[]): ReturnType<typeof startServiceWithAws> {
  const started = await startServiceWithAws(...awsArgs);
  // The service warms up after it starts to listen.
  await sleep(1000);
  return started;
}
