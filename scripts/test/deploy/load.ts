import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { LoadOptions } from './load-thread.ts';

/** What a load has sent and missed until now. */
export interface Tally {
  readonly sent: number;
  /** Not answered with 200 and the whole body: refused, reset, cut, too late, or another status. */
  readonly failed: number;
  /** What failed, in words, and how often. */
  readonly causes: Map<string, number>;
}

export interface Load {
  readonly tally: Tally;
  stop(): Promise<Tally>;
}

/** Node gives the loader of TypeScript to the first thread alone. */
const loadThread = `import('tsx/esm/api').then(({ tsImport }) => tsImport('./load-thread.ts', '${import.meta.url}'));`;

/**
 * Sends GETs over 12 connections, without retries, until it is stopped: half of the connections are kept as long as the
 * server lets them, half are new for each request. A thread of low priority does it.
 */
export function startLoad(url: string, headers: Record<string, string> = {}): Load {
  const counts = new Int32Array(new SharedArrayBuffer(8));
  const causes = new Map<string, number>();
  const workerData: LoadOptions = { url, headers, counts };
  const thread = new Worker(loadThread, { eval: true, workerData });
  thread.on('message', (cause: string) => causes.set(cause, (causes.get(cause) ?? 0) + 1));
  const tally = {
    get sent() {
      return Atomics.load(counts, 0);
    },
    get failed() {
      return Atomics.load(counts, 1);
    },
    causes,
  };
  return {
    tally,
    stop: async () => {
      const ended = once(thread, 'exit');
      thread.postMessage('stop');
      await ended;
      return tally;
    },
  };
}
