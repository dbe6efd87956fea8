import type { EventEmitter } from 'node:events';
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import autocannon from 'autocannon';

/** What `startLoad` gives this thread. */
export interface LoadOptions {
  readonly url: string;
  readonly headers: Record<string, string>;
  /** Two counters: requests sent, and requests failed. */
  readonly counts: Int32Array<SharedArrayBuffer>;
}

/** What of autocannon's client is used, beyond what its types tell. */
interface Client extends EventEmitter {
  reqsMade: number;
  /** After how many requests it opens a new connection. */
  reconnectRate: number | undefined;
}

const { url, headers, counts } = workerData as LoadOptions;
// Builds come first: the load takes the processor time that they leave. On Linux this is the priority of the thread alone.
setPriority(10);
const runs = [drive(true), drive(false)];
parentPort?.once('message', () => {
  for (const run of runs) (run as unknown as { stop(): void }).stop();
  void Promise.all(runs).then(() => parentPort?.close());
});

/**
 * autocannon alone would count neither a request whose connection the server ends without an answer, which it sends
 * again in silence, nor any request of a client that reconnects for each; and it goes on sending into a connection whose
 * last answer said `Connection: close`, which no client may. Hence the count of its clients' own events, request by request.
 */
function drive(kept: boolean): ReturnType<typeof autocannon> {
  const setupClient = (anyClient: unknown): void => {
    const client = anyClient as Client;
    let underWay = false;
    let left = 0;
    let trouble = 'the connection was ended without an answer';
    if (!kept) client.reconnectRate = 1;
    const fail = (cause: string): void => {
      Atomics.add(counts, 1, 1);
      parentPort?.postMessage(cause);
    };
    client.on('request', () => {
      if (underWay) fail(trouble);
      trouble = 'the connection was ended without an answer';
      underWay = true;
      Atomics.add(counts, 0, 1);
    });
    client.on('connError', ({ code, message }: NodeJS.ErrnoException) => {
      trouble = code ?? message;
    });
    client.on('timeout', () => {
      trouble = 'no answer in time';
    });
    client.on('headers', ({ statusCode, headers: lines }: { statusCode: number; headers: string[] }) => {
      const field = (name: string): string | undefined => {
        const at = lines.findIndex((line, index) => index % 2 === 0 && line.toLowerCase() === name);
        return at === -1 ? undefined : lines[at + 1]?.toLowerCase();
      };
      left = Number(field('content-length') ?? NaN);
      if (statusCode !== 200) {
        underWay = false;
        fail(`status ${statusCode}`);
      }
      if (kept) client.reconnectRate = field('connection') === 'close' ? client.reqsMade : undefined;
    });
    client.on('body', (part: Buffer) => {
      left -= part.length;
      if (left === 0) underWay = false;
    });
  };
  return autocannon({ url, headers, connections: 6, duration: 3600, timeout: 5, setupClient });
}
