import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface Loopback {
  /**
   * Resolves when the service and the embedded AWS in this process are idle except for timers: no request or response
   * is in transit, no file operation is pending and no child process is running. The result does not depend on the load
   * of the machine.
   */
  idle(): Promise<void>;
  stop(): void;
}

/**
 * This is more than the number of event loop iterations in the longest `setImmediate` chain in the service and the
 * embedded AWS.
 */
const roundsUntilIdle = 10;

/** Watches the HTTP requests between clients and servers in this process. */
export function watchLoopback(): Loopback {
  const sent = new Set<ClientRequest>();
  /** The client port of each request that a server is handling. */
  const handled = new Map<ServerResponse, number | undefined>();
  /** The number of requests and responses that have begun or ended. */
  let events = 0;
  const onSent = (message: unknown) => {
    const { request } = message as { request: ClientRequest };
    events += 1;
    sent.add(request);
    request.once('close', () => {
      events += 1;
      sent.delete(request);
    });
  };
  const onHandled = (message: unknown) => {
    const { response, socket } = message as { response: ServerResponse; socket: Socket };
    events += 1;
    handled.set(response, socket.remotePort);
    response.once('close', () => {
      events += 1;
      handled.delete(response);
    });
  };
  const channels = [
    ['http.client.request.start', onSent],
    ['http.server.request.start', onHandled],
  ] as const;
  /** Returns true if a request, the end of a response, or the end of a connection is in transit. */
  const inTransit = () => {
    const ports = new Set(handled.values());
    return handled.size !== sent.size || [...sent].some(({ socket }) => !ports.has(socket?.localPort));
  };
  for (const [name, listener] of channels) subscribe(name, listener);
  return {
    idle: async () => {
      let seen = -1;
      for (let rounds = 0; rounds < roundsUntilIdle; rounds += 1) {
        await new Promise((resolve) => setImmediate(resolve));
        const isLast = rounds === roundsUntilIdle - 1;
        if (events === seen && !inTransit() && !(isLast && process.getActiveResourcesInfo().some(isBusy)))
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
