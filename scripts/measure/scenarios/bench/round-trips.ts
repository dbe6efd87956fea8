import { request, startAws, startService } from '../../lab/processes.ts';
import { type Figure, median } from '../../promises/promise.ts';

const times = 5;
const instance = JSON.stringify({ instanceId: 'i-0b22a22eec53b9321' });

/** The first read ever, attach and detach, against the time of one call of AWS (40 ms set), measured beside them. */
export async function roundTrips(): Promise<Figure[]> {
  const aws = await startAws('--latency', '40');
  const measured = {
    call: [] as number[],
    read: [] as number[],
    attach: [] as number[],
    detach: [] as number[],
  };
  for (let time = 0; time < times; time += 1) {
    const service = await startService(aws.url);
    await request(service.url, '/healthcheck');
    // The service tries out its way to AWS right after it listens, and is done with that by then.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    measured.call.push(await timed(200, () => describeLoadBalancers(aws.url)));
    measured.read.push(await timed(200, () => request(service.url, '/elb/default-elb')));
    measured.attach.push(
      await timed(201, () => request(service.url, '/elb/default-elb', { method: 'POST', body: instance })),
    );
    measured.detach.push(
      await timed(201, () => request(service.url, '/elb/default-elb', { method: 'DELETE', body: instance })),
    );
    await service.stop();
  }
  await aws.stop();
  const call = median(measured.call);
  return [
    { name: 'one call of AWS', value: call, unit: 'ms' },
    ...(['read', 'attach', 'detach'] as const).map((what) => ({
      name: `${what === 'read' ? 'first read ever (1 s after the start)' : what} / one call of AWS`,
      value: median(measured[what]) / call,
      unit: '×',
      atMost: 2.5,
    })),
  ];
}

async function timed(status: number, send: () => Promise<Response>): Promise<number> {
  const startedAt = performance.now();
  const response = await send();
  await response.arrayBuffer();
  if (response.status !== status)
    throw new Error(`${response.url} answered ${response.status} instead of ${status}`);
  return performance.now() - startedAt;
}

/** Without a signature to check, the embedded AWS reads no more of the header than its scope. */
function describeLoadBalancers(awsUrl: string): Promise<Response> {
  return fetch(awsUrl, {
    method: 'POST',
    headers: {
      Authorization:
        'AWS4-HMAC-SHA256 Credential=bench/20240101/us-east-1/elasticloadbalancing/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: new URLSearchParams({ Action: 'DescribeLoadBalancers', Version: '2012-06-01' }),
  });
}
