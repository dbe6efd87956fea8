import { setTimeout as sleep } from 'node:timers/promises';
import { awsCalls, control, inService, listPath, membersOf } from '../../lab/embedded-aws.ts';
import { startServiceWithAws } from '../../lab/processes.ts';
import { request } from '../../load/request.ts';
import { type Figure, figure, median } from '../../promises/promise.ts';

const elbs = ['elb-0001', 'elb-0002', 'elb-0003', 'elb-0004'];
const clients = 200;
const pollEveryMs = 25;

/**
 * 200 clients each attach an instance to one of 4 load balancers and wait until it is in service, with 40 ms per call
 * and the AWS rate limits. Measures the time from the change in the embedded AWS to the response.
 */
export async function waiters(): Promise<Figure[]> {
  const size = ['--elbs', '7', '--instances', '225'];
  const { aws, service, stop } = await startServiceWithAws('--latency', '40', '--rate-limits', ...size);
  const instances: { elbName: string; instanceId: string }[] = [];
  for (const elbName of elbs) {
    const members = await membersOf(aws.url, elbName);
    instances.push(...members.map((instanceId) => ({ elbName, instanceId })));
    const healthCheck = { interval: 5, healthyThreshold: 2 };
    await control(aws.url, 'PUT', `load-balancers/${elbName}`, { instances: [], healthCheck });
  }
  await request(service, listPath);
  await sleep(1000);
  await control(aws.url, 'DELETE', 'calls');

  const changedAt = new Map<string, number>();
  const watching = new AbortController();
  const watch = watchChanges(aws.url, changedAt, watching.signal);
  const answers = await Promise.all(
    instances.slice(0, clients).map(async ({ elbName, instanceId }) => {
      const body = JSON.stringify({ instanceId });
      const response = await request(service, `/elb/${elbName}?wait=in-service`, { method: 'POST', body });
      const at = performance.now();
      await response.arrayBuffer();
      return { instanceId, status: response.status, at };
    }),
  );
  // The last response can arrive before the next poll.
  await sleep(500);
  watching.abort();
  await watch;
  const { throttled, calls } = await awsCalls(aws.url);
  await stop();
  const lateness = answers
    .filter(({ status }) => status === 201)
    .map(({ instanceId, at }) => at - (changedAt.get(instanceId) ?? -Infinity));
  const failures = answers.length - lateness.length;
  return [
    figure('200 waiters: clients', answers.length, '', { atLeast: clients }),
    figure('200 waiters: responses other than 201', failures, '', { atMost: 0 }),
    figure('200 waiters: throttled by AWS', throttled, 'calls', { atMost: 0 }),
    figure('200 waiters: median response after the change', median(lateness), 'ms'),
    figure('200 waiters: latest response after the change', Math.max(...lateness), 'ms', { atMost: 1000 }),
    ...[
      'RegisterInstancesWithLoadBalancer',
      'DescribeInstanceHealth',
      'DescribeLoadBalancers',
      'DescribeInstances',
    ].map((action) => figure(`200 waiters: ${action}`, calls(action), 'calls')),
  ];
}

/** Records when a poll first finds each instance in service. */
async function watchChanges(
  awsUrl: string,
  changedAt: Map<string, number>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const polledAt = performance.now();
    for (const elbName of elbs)
      for (const instanceId of await inService(awsUrl, elbName))
        if (!changedAt.has(instanceId)) changedAt.set(instanceId, polledAt);
    await sleep(pollEveryMs);
  }
}
