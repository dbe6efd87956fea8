import { addFigure, table } from './report.ts';
import { startWorld, type World } from './world.ts';

/** Runs tasks one after another. A failed task does not stop the next task. */
class Lane {
  readonly #others: readonly Lane[];
  #last: Promise<unknown> = Promise.resolve();

  constructor(...others: Lane[]) {
    this.#others = others;
  }

  /** The time of its tasks; mocha's durations are the times that it waits for a result. */
  seconds = 0;

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = Promise.all([this, ...this.#others].map((lane) => lane.#last)).then(async () => {
      const startedAt = performance.now();
      try {
        return await work();
      } finally {
        this.seconds += (performance.now() - startedAt) / 1000;
      }
    });
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/**
 * Scenarios in the same lane run one after another, and lanes run in parallel. mocha waits for the results in order.
 */
const hostA = new Lane();
const hostB = new Lane();
export const lanes = {
  image: new Lane(),
  hostA,
  hostB,
  hostC: new Lane(),
  both: new Lane(hostA, hostB),
};

const begin: ((world: World) => void)[] = [];
let world: World | undefined;

/** Declares a test that runs in the lane. It is skipped if it is not `possible` on this machine. */
export function scenario(
  lane: Lane,
  possible: boolean,
  title: string,
  work: (world: World) => Promise<void>,
): void {
  if (!possible) {
    it.skip(title);
    return;
  }
  let result: Promise<void>;
  begin.push((ready) => {
    result = lane.run(() => work(ready));
    result.catch(() => undefined);
  });
  it(title, () => result);
}

before(async function () {
  this.timeout(400_000);
  if (begin.length === 0) return;
  world = await startWorld();
  for (const start of begin) start(world);
});

after(async function () {
  this.timeout(60_000);
  if (world === undefined) return;
  await world.close();
  for (const [name, { seconds }] of Object.entries(lanes))
    addFigure(`lane ${name}`, `${seconds.toFixed(0)} s`);
  console.log(`\n${table()}\n`);
});
