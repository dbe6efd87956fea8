import { subscribe } from 'node:diagnostics_channel';
import type { EventEmitter } from 'node:events';

/** HTTP requests that clients in this process have open, less those that servers in this process are answering. */
let onTheWay = 0;
/** Requests and answers so far. */
let events = 0;

function count(step: 1 | -1): void {
  onTheWay += step;
  events += 1;
}

function countWhileOpen(channel: string, part: string, step: 1 | -1): void {
  subscribe(channel, (message) => {
    count(step);
    (message as Record<string, EventEmitter>)[part]!.once('close', () => {
      count(step === 1 ? -1 : 1);
    });
  });
}

countWhileOpen('http.client.request.start', 'request', 1);
countWhileOpen('http.server.request.start', 'response', -1);
subscribe('undici:request:create', () => {
  count(1);
});
for (const end of ['undici:request:trailers', 'undici:request:error'])
  subscribe(end, () => {
    count(-1);
  });

/** More rounds of the event loop than any chain of `setImmediate` in the service and the embedded AWS has. */
const roundsUntilQuiet = 10;

/**
 * Resolves when the service and the embedded AWS in this process have nothing left to do but wait for a clock: every
 * request that was sent has arrived, every answer too, and no file is being read. A busy machine makes this take longer,
 * and changes nothing else.
 */
export async function quietLoopback(): Promise<void> {
  let seen = -1;
  for (let rounds = 0; rounds < roundsUntilQuiet; rounds += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (events === seen && onTheWay === 0 && !process.getActiveResourcesInfo().some(isFile)) continue;
    seen = events;
    rounds = 0;
  }
}

function isFile(resource: string): boolean {
  return resource.startsWith('FSReq');
}
