import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { EventEmitter } from 'node:events';

export interface Loopback {
  /**
   * Resolves when the service and the embedded AWS in this process have nothing left to do but wait for a clock: every
   * request that was sent has arrived, every answer too, no file is being read and no program runs. A busy machine makes
   * this take longer, and changes nothing else.
   */
  quiet(): Promise<void>;
  stop(): void;
}

/** More rounds of the event loop than any chain of `setImmediate` in the service and the embedded AWS has. */
const roundsUntilQuiet = 10;

/** Watches the HTTP requests between clients and servers in this process. */
export function watchLoopback(): Loopback {
  /** Requests that clients have open, less those that servers are answering. */
  let onTheWay = 0;
  /** Requests and answers so far. */
  let events = 0;
  const count = (step: number) => {
    onTheWay += step;
    events += 1;
  };
  const countWhileOpen = (part: string, step: 1 | -1) => (message: unknown) => {
    count(step);
    (message as Record<string, EventEmitter>)[part]!.once('close', () => {
      count(-step);
    });
  };
  const channels = [
    ['http.client.request.start', countWhileOpen('request', 1)],
    ['http.server.request.start', countWhileOpen('response', -1)],
  ] as const;
  for (const [name, listener] of channels) subscribe(name, listener);
  return {
    quiet: async () => {
      let seen = -1;
      for (let rounds = 0; rounds < roundsUntilQuiet; rounds += 1) {
        await new Promise((resolve) => setImmediate(resolve));
        const isLast = rounds === roundsUntilQuiet - 1;
        if (events === seen && onTheWay === 0 && !(isLast && process.getActiveResourcesInfo().some(isBusy)))
          continue;
        seen = events;
        rounds = 0;
      }
    },
    stop: () => {
      for (const [name, listener] of channels) unsubscribe(name, listener);
    },
  };
}

function isBusy(resource: string): boolean {
  return resource.startsWith('FSReq') || resource === 'ProcessWrap';
}
