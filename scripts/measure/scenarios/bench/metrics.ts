import { fillDefaultElb, listPath } from '../../lab/embedded-aws.ts';
import { type Running, startAws, startService } from '../../lab/processes.ts';
import { measureLoad } from '../../load/load.ts';
import { request } from '../../load/request.ts';
import { type Figure, figure, median } from '../../promises/promise.ts';

const variants = ['on', 'off'] as const;
type Variant = (typeof variants)[number];

const scrapes = 100;

/**
 * Measures the CPU time of cached reads with METRICS=on and with METRICS=off, and of a scrape. The rounds alternate, so
 * that a slow phase of the machine affects both.
 */
export async function metricsCost(quick: boolean): Promise<Figure[]> {
  const [rounds, amount] = quick ? [10, 5_000] : [40, 10_000];
  const aws = await startAws();
  await fillDefaultElb(aws.url);
  const services: Record<Variant, Running> = {
    on: await startService(aws.url, { METRICS: 'on' }),
    off: await startService(aws.url, { METRICS: 'off' }),
  };
  const measure = async (variant: Variant): Promise<{ cpuUs: number; failed: number }> => {
    const service = services[variant];
    const before = await service.usage();
    const { requests, failed } = await measureLoad(service, { connections: 50, amount, paths: [listPath] });
    const after = await service.usage();
    return { cpuUs: ((after.cpuMs - before.cpuMs) * 1000) / requests, failed };
  };
  const cpuUs: Record<Variant, number[]> = { on: [], off: [] };
  let failures = 0;
  // The first rounds, in which the code is compiled and optimized, are not counted.
  for (let round = -2; round < rounds; round += 1)
    for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
      const result = await measure(variant);
      failures += result.failed;
      if (round >= 0) cpuUs[variant].push(result.cpuUs);
    }
  const before = await services.on.usage();
  for (let scrape = 0; scrape < scrapes; scrape += 1)
    await (await request(services.on, '/metrics')).arrayBuffer();
  const after = await services.on.usage();
  await Promise.all([aws.stop(), services.on.stop(), services.off.stop()]);
  return [
    figure('warm reads: CPU with METRICS=on', median(cpuUs.on), 'µs/req'),
    figure('warm reads: CPU with METRICS=off', median(cpuUs.off), 'µs/req'),
    figure('warm reads: CPU, METRICS=on / off', median(cpuUs.on) / median(cpuUs.off), '×', { atMost: 1.03 }),
    figure('one scrape: CPU', (after.cpuMs - before.cpuMs) / scrapes, 'ms'),
    figure('warm reads with and without metrics: failed', failures, 'requests', { atMost: 0 }),
  ];
}
