import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { describe, type Figure, isKept } from './promises/promise.ts';
import { fewCalls, manyElbs, noCache } from './scenarios/bench/aws-calls.ts';
import { outage } from './scenarios/bench/outage.ts';
import { memoryGrowth, processCosts } from './scenarios/bench/process.ts';
import { roundTrips } from './scenarios/bench/round-trips.ts';
import { waiters } from './scenarios/bench/waiters.ts';
import { warmReads } from './scenarios/bench/warm-reads.ts';

/** Those of one row run side by side: they count or wait more than they load the machine. */
const scenarios: Readonly<Record<string, () => Promise<Figure[]>>> = {
  process: processCosts,
  'round-trips': roundTrips,
  'warm-reads': warmReads,
  'memory-growth-and-few-calls': async () => (await Promise.all([memoryGrowth(), fewCalls()])).flat(),
  outage,
  'no-cache-and-waiters': async () => (await Promise.all([noCache(), waiters()])).flat(),
  'many-elbs': manyElbs,
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

const values = readOptions();
const wanted = values.only?.split(',') ?? Object.keys(scenarios);
const unknown = wanted.find((name) => scenarios[name] === undefined);
if (unknown !== undefined) refuse(`There is no scenario "${unknown}"`);
const figures: Figure[] = [];
const startedAt = performance.now();
for (const name of wanted) {
  process.stderr.write(`${name} …\n`);
  const results = (await scenarios[name]?.()) ?? [];
  figures.push(...results);
  for (const figure of results) console.log(describe(figure));
}

const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
writeFileSync(values.json, `${JSON.stringify({ machine, figures }, null, 2)}\n`);
const missed = figures.filter((figure) => !isKept(figure));
console.log(
  `\n${figures.length} figures in ${Math.round((performance.now() - startedAt) / 1000)} s, also in ${values.json}`,
);
for (const figure of missed) console.log(`MISSED: ${describe(figure)}`);
process.exit(missed.length === 0 ? 0 : 1);

function readOptions() {
  try {
    const options = {
      only: { type: 'string' },
      json: { type: 'string', default: 'bench.json' },
      help: { type: 'boolean' },
    } as const;
    const { values } = parseArgs({ options });
    if (values.help === true) {
      console.log(
        `Usage: npm run bench -- [options]\n\n  --only A,B   these scenarios alone: ${Object.keys(scenarios).join(', ')}\n  --json FILE  where the figures go (default bench.json)\n  --help       show this`,
      );
      process.exit(0);
    }
    return values;
  } catch (error) {
    return refuse((error as Error).message);
  }
}

function refuse(why: string): never {
  console.error(
    `${why}: --only takes ${Object.keys(scenarios).join(', ')}; --json takes a file for the figures`,
  );
  process.exit(2);
}
