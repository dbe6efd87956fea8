import type { EventEmitter } from 'node:events';
import autocannon from 'autocannon';

/** What a load has sent and missed until now. */
export interface Tally {
  sent: number;
  /** Not answered with 200 and the whole body: refused, reset, cut, too late, or another status. */
  failed: number;
  /** What failed, in words, and how often. */
  readonly causes: Map<string, number>;
}

export interface Load {
  readonly tally: Tally;
  stop(): Promise<Tally>;
}

/** What of autocannon's client is used, beyond what its types tell. */
interface Client extends EventEmitter {
  reqsMade: number;
  /** After how many requests it opens a new connection. */
  reconnectRate: number | undefined;
}

/**
 * Sends GETs over 12 connections, without retries, until it is stopped: half of the connections are kept as long as the
 * server lets them, half are new for each request.
 */
export function startLoad(url: string, headers: Record<string, string> = {}): Load {
  const tally: Tally = { sent: 0, failed: 0, causes: new Map() };
  const loads = [drive(url, headers, tally, true), drive(url, headers, tally, false)];
  return {
    tally,
    stop: async () => {
      await Promise.all(loads.map((stop) => stop()));
      return tally;
    },
  };
}

/**
 * autocannon alone would count neither a request whose connection the server ends without an answer, which it sends
 * again in silence, nor any request of a client that reconnects for each; and it goes on sending into a connection whose
 * last answer said `Connection: close`, which no client may. Hence the count of its clients' own events, request by request.
 */
function drive(
  url: string,
  headers: Record<string, string>,
  tally: Tally,
  kept: boolean,
): () => Promise<void> {
  const setupClient = (anyClient: unknown): void => {
    const client = anyClient as Client;
    let underWay = false;
    let left = 0;
    let trouble = 'the connection was ended without an answer';
    if (!kept) client.reconnectRate = 1;
    const fail = (cause: string): void => {
      tally.failed += 1;
      tally.causes.set(cause, (tally.causes.get(cause) ?? 0) + 1);
    };
    client.on('request', () => {
      if (underWay) fail(trouble);
      trouble = 'the connection was ended without an answer';
      underWay = true;
      tally.sent += 1;
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
  const run = autocannon({ url, headers, connections: 6, duration: 3600, timeout: 5, setupClient });
  return async () => {
    (run as unknown as { stop(): void }).stop();
    await run;
  };
}
