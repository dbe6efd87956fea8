import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { LoadOptions } from './load-thread.ts';

/** The requests of a load so far. */
export interface Tally {
  readonly sent: number;
  /**
   * The number of requests without a complete 200 response: refused, reset, incomplete, too late, or with another
   * status.
   */
  readonly failed: number;
  /** The number of failures by cause. */
  readonly causes: Map<string, number>;
}

export interface Load {
  readonly tally: Tally;
  /** Sends requests slowly until the promise settles. */
  slowUntil(end: Promise<unknown>): void;
  stop(): Promise<Tally>;
}

/** Limits a load to about 2,000 requests per second; without a limit, it would take most of the time of the processors. */
const pauseMs = 5;
/** Limits a slow load to about 200 requests per second. */
const slowPauseMs = 50;

/** Node.js passes the TypeScript loader only to the main thread. */
const loadThread = `import('tsx/esm/api').then(({ tsImport }) => tsImport('./load-thread.ts', '${import.meta.url}'));`;

/**
 * Sends GET requests on 12 connections until it is stopped, without retries. Half of the connections are kept alive;
 * the others are new for each request. They run in a thread with low priority.
 */
export function startLoad(url: string, headers: Record<string, string> = {}): Load {
  const counts = new Int32Array(new SharedArrayBuffer(12));
  counts[2] = pauseMs;
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
    slowUntil: (end) => {
      Atomics.store(counts, 2, slowPauseMs);
      const speedUp = (): void => {
        Atomics.store(counts, 2, pauseMs);
      };
      end.then(speedUp, speedUp);
    },
    stop: async () => {
      const ended = once(thread, 'exit');
      thread.postMessage('stop');
      await ended;
      return tally;
    },
  };
}
