import type { EventEmitter } from 'node:events';
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import autocannon from 'autocannon';

/** The worker data of this thread. */
export interface LoadOptions {
  readonly url: string;
  readonly headers: Record<string, string>;
  /** The number of requests sent, the number of failed requests, and the pause in milliseconds. */
  readonly counts: Int32Array<SharedArrayBuffer>;
}

/** Members of the autocannon client that are missing in its types. */
interface Client extends EventEmitter {
  reqsMade: number;
  /** The number of requests after which the client opens a new connection. */
  reconnectRate: number | undefined;
}

const { url, headers, counts } = workerData as LoadOptions;
// Builds have priority over the load. On Linux, this sets only the priority of this thread.
setPriority(10);
const runs = [drive(true), drive(false)];
// A connection sends at most one request per turn of the event loop, so a pause in each turn limits the rate without
// bursts.
setInterval(() => {
  const pauseMs = Atomics.load(counts, 2);
  Atomics.wait(counts, 2, pauseMs, pauseMs);
}, 1).unref();
parentPort?.once('message', () => {
  for (const run of runs) (run as unknown as { stop(): void }).stop();
  void Promise.all(runs).then(() => parentPort?.close());
});

/**
 * Counts the events of the autocannon clients, because autocannon repeats a request if the server closes the connection
 * without a response, does not count the requests of clients that reconnect each time, and sends on a connection after
 * a response with `Connection: close`.
 */
function drive(kept: boolean): ReturnType<typeof autocannon> {
  const setupClient = (anyClient: unknown): void => {
    const client = anyClient as Client;
    let inFlight = false;
    let left = 0;
    let trouble = 'the connection closed without a response';
    if (!kept) client.reconnectRate = 1;
    const fail = (cause: string): void => {
      Atomics.add(counts, 1, 1);
      parentPort?.postMessage(cause);
    };
    client.on('request', () => {
      if (inFlight) fail(trouble);
      trouble = 'the connection closed without a response';
      inFlight = true;
      Atomics.add(counts, 0, 1);
    });
    client.on('connError', ({ code, message }: NodeJS.ErrnoException) => {
      trouble = code ?? message;
    });
    client.on('timeout', () => {
      trouble = 'no response in time';
    });
    client.on('headers', ({ statusCode, headers: lines }: { statusCode: number; headers: string[] }) => {
      const field = (name: string): string | undefined => {
        const at = lines.findIndex((line, index) => index % 2 === 0 && line.toLowerCase() === name);
        return at === -1 ? undefined : lines[at + 1]?.toLowerCase();
      };
      left = Number(field('content-length') ?? NaN);
      if (statusCode !== 200) {
        inFlight = false;
        fail(`status ${statusCode}`);
      }
      if (kept) client.reconnectRate = field('connection') === 'close' ? client.reqsMade : undefined;
    });
    client.on('body', (part: Buffer) => {
      left -= part.length;
      if (left === 0) inFlight = false;
    });
  };
  return autocannon({ url, headers, connections: 6, duration: 3600, timeout: 5, setupClient });
}
