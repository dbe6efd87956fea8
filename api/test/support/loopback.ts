import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { EventEmitter } from 'node:events';

export interface Loopback {
  /**
   * Resolves when the service and the embedded AWS in this process are idle except for timers: no request or response is
   * in transit, no file operation is pending and no child process runs. The result does not depend on the machine load.
   */
  idle(): Promise<void>;
  stop(): void;
}

/** More event loop iterations than the longest `setImmediate` chain in the service and the embedded AWS. */
const roundsUntilIdle = 10;

/** Watches the HTTP requests between clients and servers in this process. */
export function watchLoopback(): Loopback {
  /** Open client requests minus the requests that servers are handling. */
  let inTransit = 0;
  /** The number of requests and responses that have begun or ended. */
  let events = 0;
  const count = (step: number) => {
    inTransit += step;
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
    idle: async () => {
      let seen = -1;
      for (let rounds = 0; rounds < roundsUntilIdle; rounds += 1) {
        await new Promise((resolve) => setImmediate(resolve));
        const isLast = rounds === roundsUntilIdle - 1;
        if (events === seen && inTransit === 0 && !(isLast && process.getActiveResourcesInfo().some(isBusy)))
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
