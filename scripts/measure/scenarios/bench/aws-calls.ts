import { load } from '../../load/bench-load.ts';
import { awsCalls, control, request, type Running, startAws, startService } from '../../lab/processes.ts';
import { type Figure, median } from '../../promises/promise.ts';

/** 12 connections for 20 s, 40 ms a call of AWS: what AWS is asked. */
export async function fewCalls(): Promise<Figure[]> {
  const { aws, service, stop } = await pair('--latency', '40');
  const { requests, non2xx } = await load(service.url, '/elb/default-elb', {
    connections: 12,
    seconds: 20,
    rate: 4000,
  });
  const { calls } = await awsCalls(aws.url);
  await stop();
  return [
    { name: '12 connections, 20 s: requests', value: requests, unit: '' },
    { name: '12 connections, 20 s: not answered with 200', value: non2xx, unit: '', atMost: 0 },
    {
      name: '12 connections, 20 s: DescribeLoadBalancers',
      value: calls('DescribeLoadBalancers'),
      unit: 'calls',
      atMost: 11,
    },
    {
      name: '12 connections, 20 s: DescribeInstances',
      value: calls('DescribeInstances'),
      unit: 'calls',
      atMost: 1,
    },
  ];
}

/** 500 load balancers of 20, asked for at random for a minute, AWS's rate limits on. */
export async function manyElbs(): Promise<Figure[]> {
  const { aws, service, stop } = await pair(
    '--latency',
    '40',
    '--rate-limits',
    '--elbs',
    '500',
    '--instances',
    '10000',
  );
  const response = await fetch(`${aws.url}/_control/load-balancers`);
  const { loadBalancers } = (await response.json()) as { loadBalancers: { name: string }[] };
  const paths = loadBalancers.map(({ name }) => `/elb/${name}`).sort(() => Math.random() - 0.5);
  await control(aws.url, 'DELETE', 'calls');

  const startedAt = performance.now();
  await service.usage(true);
  await Promise.all(paths.slice(0, 20).map((path) => request(service.url, path)));
  // The details of 10,000 instances are read in the first seconds; reads are warm after that.
  const filling = await load(service.url, '/', { connections: 50, seconds: 8, paths, rate: 2000 });
  const warm = await load(service.url, '/', { connections: 50, seconds: 6, paths });
  const one = await load(service.url, paths[0] ?? '/', { connections: 50, seconds: 6 });
  const warmAgain = await load(service.url, '/', { connections: 50, seconds: 6, paths });
  // After a minute all details expire, and are read anew while the lists are served.
  const rest = 70_000 - (performance.now() - startedAt);
  const renewing = await load(service.url, '/', {
    connections: 50,
    seconds: Math.ceil(rest / 1000),
    paths,
    rate: 2000,
  });
  const { maxLoopDelayMs } = await service.usage();
  const { calls, throttled, log } = await awsCalls(aws.url);
  const seconds = (performance.now() - startedAt) / 1000;
  const times = log.filter(({ action }) => action === 'DescribeInstances').map(({ atMs }) => atMs);
  const inWorstMinute = Math.max(
    ...times.map((from) => times.filter((at) => at >= from && at < from + 60_000).length),
  );
  await stop();
  const all = [filling, warm, warmAgain, renewing];
  return [
    {
      name: '500 ELBs: DescribeLoadBalancers a freshness window of 2 s',
      value: calls('DescribeLoadBalancers') / (seconds / 2),
      unit: 'calls',
      atMost: 3,
    },
    {
      name: '500 ELBs: DescribeInstances in the worst minute of 70 s',
      value: inWorstMinute,
      unit: 'calls',
      atMost: 51,
    },
    { name: '500 ELBs: throttled by AWS', value: throttled, unit: 'calls', atMost: 0 },
    {
      name: '500 ELBs: not answered with 200',
      value: all.reduce((sum, { non2xx }) => sum + non2xx, 0),
      unit: '',
      atMost: 0,
    },
    { name: '500 ELBs: longest stall of the event loop', value: maxLoopDelayMs, unit: 'ms', atMost: 100 },
    {
      name: '500 ELBs: p99, any / one ELB',
      value: median([warm.p99, warmAgain.p99]) / one.p99,
      unit: '×',
      atMost: 3,
    },
    { name: '500 ELBs: p99 while all details are renewed (2,000 req/s)', value: renewing.p99, unit: 'ms' },
  ];
}

/** Every request asks for what AWS tells from now on, AWS's rate limits on. */
export async function noCache(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [connections, atLeast] of [
    [12, 50],
    [100, 400],
  ] as const) {
    const { aws, service, stop } = await pair('--latency', '40', '--rate-limits');
    const headers = { 'Cache-Control': 'no-cache' };
    const result = await load(service.url, '/elb/default-elb', { connections, seconds: 8, headers });
    const { throttled } = await awsCalls(aws.url);
    await stop();
    figures.push(
      {
        name: `no-cache, ${connections} connections`,
        value: result.requestsPerSecond,
        unit: 'req/s',
        atLeast,
      },
      {
        name: `no-cache, ${connections} connections: throttled by AWS`,
        value: throttled,
        unit: 'calls',
        atMost: 0,
      },
      {
        name: `no-cache, ${connections} connections: not answered with 200`,
        value: result.non2xx,
        unit: '',
        atMost: 0,
      },
    );
  }
  return figures;
}

async function pair(
  ...args: string[]
): Promise<{ aws: Running; service: Running; stop: () => Promise<unknown> }> {
  const aws = await startAws(...args);
  const service = await startService(aws.url);
  // It still warms up when it listens.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return { aws, service, stop: () => Promise.all([aws.stop(), service.stop()]) };
}
