import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Behaviour } from './region/behaviour.ts';
import { CallLog, type CallCounts } from './call-log.ts';
import { type HostClock, processClock, RegionClock } from './region/clock.ts';
import { handleControl, isControl } from './control/control.ts';
import { Faults } from './faults.ts';
import { handleQuery, type QueryApiDeps } from './protocol/query-api.ts';
import { RateLimits } from './rate-limits.ts';
import type { Region } from './region/region.ts';
import { sampleRegion } from './region/sample-region.ts';

/** How to start the embedded AWS; nothing is required. */
export interface EmbeddedAwsOptions {
  /** TCP port; 0, the default, takes any that is free. */
  readonly port?: number;
  /** Address to listen on, 127.0.0.1 by default. */
  readonly host?: string;
  /** Milliseconds that every call takes at least, 0 by default. */
  readonly latencyMs?: number;
  /** Whether AWS's rate limits hold; off by default. */
  readonly rateLimits?: boolean;
  /** How many load balancers the region has in all, the sample's 3 at least. */
  readonly elbs?: number;
  /** How many instances the region has in all, the sample's 25 at least. */
  readonly instances?: number;
  /** Name of the region, us-east-1 by default. */
  readonly region?: string;
  /** Virtual seconds a second of the clock, 1 by default. */
  readonly speed?: number;
  /** The clock of everything that takes time here; that of the process by default. */
  readonly clock?: HostClock;
  /** What AWS does where that is unsure; DEFAULT_BEHAVIOUR where it is left out. */
  readonly behaviour?: Partial<Behaviour>;
}

/** A running embedded AWS, for any AWS client, and its state and controls for tests in the same process. */
export interface EmbeddedAws {
  /** `http://host:port`, to be used as the endpoint. */
  readonly url: string;
  readonly port: number;
  readonly region: Region;
  readonly faults: Faults;
  /** Counts of calls by action, since the start or the last reset. */
  calls(): CallCounts;
  resetCalls(): void;
  /** Stops listening and cuts all connections, those with a request under way too. */
  close(): Promise<void>;
}

/** Starts the embedded AWS. @throws the system's error if it cannot listen, such as EADDRINUSE */
export async function startEmbeddedAws(options: EmbeddedAwsOptions = {}): Promise<EmbeddedAws> {
  const { host = '127.0.0.1', latencyMs = 0, clock = processClock } = options;
  const region = sampleRegion(
    options.region ?? 'us-east-1',
    new RegionClock(clock, options.speed),
    options,
    options.behaviour,
  );
  const faults = new Faults();
  const calls = new CallLog(clock);
  const rateLimits = options.rateLimits === true ? new RateLimits(() => clock.now()) : undefined;
  const parts: QueryApiDeps = { region, faults, calls, rateLimits, latencyMs, clock };
  const server = createServer((request, response) => void handle(parts, request, response));
  // Longer than any client keeps an idle connection, so that the client is the one to close it.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    region,
    faults,
    calls: () => calls.counts(),
    resetCalls: () => {
      calls.reset();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function handle(
  parts: QueryApiDeps,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await (isControl(request.url ?? '')
      ? handleControl(parts, request, response)
      : handleQuery(parts, request, response));
  } catch {
    // Only a client that leaves in the middle of its request comes to this.
    request.destroy();
  }
}
