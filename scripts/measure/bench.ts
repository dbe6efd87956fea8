import { writeFileSync } from 'node:fs';
import { benchUsage, readBenchOptions } from './options.ts';
import { describe, type Figure, missed } from './promises/promise.ts';
import { thisMachine } from './report/report.ts';
import { fewCalls, manyElbs, noCache } from './scenarios/bench/aws-calls.ts';
import { metricsCost } from './scenarios/bench/metrics.ts';
import { outage } from './scenarios/bench/outage.ts';
import { memoryGrowth, processCosts } from './scenarios/bench/process.ts';
import { roundTrips } from './scenarios/bench/round-trips.ts';
import { waiters } from './scenarios/bench/waiters.ts';
import { warmReads } from './scenarios/bench/warm-reads.ts';

/**
 * Scenarios under the same name run at the same time, because they only count or wait and put little load on the
 * machine.
 */
const scenarios: Readonly<Record<string, (quick: boolean) => Promise<Figure[]>>> = {
  process: processCosts,
  'round-trips': roundTrips,
  'warm-reads': warmReads,
  metrics: metricsCost,
  'memory-growth-and-few-calls': async () => (await Promise.all([memoryGrowth(), fewCalls()])).flat(),
  outage,
  'no-cache-and-waiters': async () => (await Promise.all([noCache(), waiters()])).flat(),
  'many-elbs': manyElbs,
};

/**
 * Measures the figures that have targets. Returns the exit code, which is 1 if a target was missed. @throws UsageError
 */
export async function bench(args: string[]): Promise<number> {
  const names = Object.keys(scenarios);
  const options = readBenchOptions(args, names);
  if (options === 'help') {
    process.stdout.write(benchUsage.replace('NAMES', names.join(', ')));
    return 0;
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
  const startedAt = performance.now();
  const figures: Figure[] = [];
  for (const name of options.only ?? names) {
    process.stderr.write(`${name} …\n`);
    const results = (await scenarios[name]?.(options.quick)) ?? [];
    for (const figure of results) console.log(describe(figure));
    figures.push(...results);
  }
  const machine = { node: process.version, ...thisMachine() };
  writeFileSync(options.json, `${JSON.stringify({ machine, figures }, null, 2)}\n`);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.log(`\n${figures.length} figures in ${seconds} s, also in ${options.json}`);
  const faults = missed(figures);
  for (const fault of faults) console.log(fault);
  return faults.length === 0 ? 0 : 1;
}
