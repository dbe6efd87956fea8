import { awsCalls, control, request, startAws, startService } from '../../lab/processes.ts';
import { type Figure, median } from '../../promises/promise.ts';

const elbs = ['elb-0001', 'elb-0002', 'elb-0003', 'elb-0004'];
const clients = 200;
/** How often AWS's state is looked at, in milliseconds. */
const lookEveryMs = 25;

interface Health {
  readonly health: readonly { readonly instanceId: string; readonly state: string }[];
}

/**
 * 200 clients attach an instance each to one of 4 load balancers and wait until it is in service, 40 ms a call of AWS
 * and its rate limits on. How late each answer is, is measured against the embedded AWS's own state, looked at through
 * its control path, which is no call of AWS.
 */
export async function waiters(): Promise<Figure[]> {
  const aws = await startAws('--latency', '40', '--rate-limits', '--elbs', '7', '--instances', '225');
  const service = await startService(aws.url);
  const instances: { elbName: string; instanceId: string }[] = [];
  for (const elbName of elbs) {
    const members = await membersOf(aws.url, elbName);
    instances.push(...members.map((instanceId) => ({ elbName, instanceId })));
    const healthCheck = { interval: 5, healthyThreshold: 2 };
    await control(aws.url, 'PUT', `load-balancers/${elbName}`, { instances: [], healthCheck });
  }
  await request(service.url, '/elb/default-elb');
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await control(aws.url, 'DELETE', 'calls');

  const changedAt = new Map<string, number>();
  const watching = new AbortController();
  const watch = watchChanges(aws.url, changedAt, watching.signal);
  const answers = await Promise.all(
    instances.slice(0, clients).map(async ({ elbName, instanceId }) => {
      const body = JSON.stringify({ instanceId });
      const response = await request(service.url, `/elb/${elbName}?wait=in-service`, {
        method: 'POST',
        body,
      });
      const at = performance.now();
      await response.arrayBuffer();
      return { instanceId, status: response.status, at };
    }),
  );
  // The last change may have been answered before it was looked at.
  await new Promise((resolve) => setTimeout(resolve, 500));
  watching.abort();
  await watch;
  const { throttled, calls } = await awsCalls(aws.url);
  await Promise.all([aws.stop(), service.stop()]);
  const lateness = answers
    .filter(({ status }) => status === 201)
    .map(({ instanceId, at }) => at - (changedAt.get(instanceId) ?? -Infinity))
    .sort((a, b) => a - b);
  return [
    { name: '200 waiters: clients', value: answers.length, unit: '', atLeast: clients },
    {
      name: '200 waiters: not answered with 201',
      value: answers.length - lateness.length,
      unit: '',
      atMost: 0,
    },
    { name: '200 waiters: throttled by AWS', value: throttled, unit: 'calls', atMost: 0 },
    {
      name: '200 waiters: median answer after the change',
      value: median(lateness),
      unit: 'ms',
    },
    {
      name: '200 waiters: latest answer after the change',
      value: lateness.at(-1) ?? NaN,
      unit: 'ms',
      atMost: 1000,
    },
    ...[
      'RegisterInstancesWithLoadBalancer',
      'DescribeInstanceHealth',
      'DescribeLoadBalancers',
      'DescribeInstances',
    ].map((action) => ({ name: `200 waiters: ${action}`, value: calls(action), unit: 'calls' })),
  ];
}

async function membersOf(awsUrl: string, elbName: string): Promise<string[]> {
  const response = await fetch(`${awsUrl}/_control/load-balancers/${elbName}`);
  return ((await response.json()) as { instances: string[] }).instances;
}

/** Notes when each instance is first seen in service. */
async function watchChanges(
  awsUrl: string,
  changedAt: Map<string, number>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const lookedAt = performance.now();
    for (const elbName of elbs) {
      const response = await fetch(`${awsUrl}/_control/health/${elbName}`);
      const { health } = (await response.json()) as Health;
      for (const { instanceId, state } of health)
        if (state === 'InService' && !changedAt.has(instanceId)) changedAt.set(instanceId, lookedAt);
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}
