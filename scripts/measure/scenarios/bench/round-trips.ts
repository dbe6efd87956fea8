import { setTimeout as sleep } from 'node:timers/promises';
import { listPath } from '../../lab/embedded-aws.ts';
import { startAws, startService } from '../../lab/processes.ts';
import { request } from '../../load/request.ts';
import { type Figure, figure, median } from '../../promises/promise.ts';

const rounds = 5;
const body = JSON.stringify({ instanceId: 'i-0b22a22eec53b9321' });

/** Compares the first read, an attach and a detach with a single AWS call, whose latency is set to 40 ms. */
export async function roundTrips(): Promise<Figure[]> {
  const aws = await startAws('--latency', '40');
  const times: Record<'call' | 'read' | 'attach' | 'detach', number[]> = {
    call: [],
    read: [],
    attach: [],
    detach: [],
  };
  for (let round = 0; round < rounds; round += 1) {
    const service = await startService(aws.url);
    await request(service, '/healthcheck');
    // The service warms up its connections to AWS for less than 1 s.
    await sleep(1000);
    times.call.push(await timed(200, () => describeLoadBalancers(aws.url)));
    times.read.push(await timed(200, () => request(service, listPath)));
    times.attach.push(await timed(201, () => request(service, listPath, { method: 'POST', body })));
    times.detach.push(await timed(201, () => request(service, listPath, { method: 'DELETE', body })));
    await service.stop();
  }
  await aws.stop();
  const call = median(times.call);
  const compared = (name: string, values: number[]): Figure =>
    figure(`${name} / one AWS call`, median(values) / call, '×', { atMost: 2.5 });
  return [
    figure('one AWS call', call, 'ms'),
    compared('first read (1 s after startup)', times.read),
    compared('attach', times.attach),
    compared('detach', times.detach),
  ];
}

async function timed(status: number, send: () => Promise<Response>): Promise<number> {
  const startedAt = performance.now();
  const response = await send();
  await response.arrayBuffer();
  if (response.status !== status)
    throw new Error(`${response.url} responded with ${response.status} instead of ${status}`);
  return performance.now() - startedAt;
}

/** The embedded AWS reads only the credential scope; it does not check signatures. */
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
