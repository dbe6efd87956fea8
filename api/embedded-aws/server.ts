import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Behaviour } from './region/undocumented-behaviour.ts';
import { CallLog, type CallCounts } from './call-log.ts';
import { type HostClock, processClock, RegionClock } from './region/clock.ts';
import { handleControl, isControl } from './control/control.ts';
import { Faults } from './faults.ts';
import { handleQuery, type QueryApiDeps } from './protocol/query-api.ts';
import { RateLimits } from './rate-limits.ts';
import type { Region } from './region/region.ts';
import { sampleRegion } from './region/sample-region.ts';

export interface EmbeddedAwsOptions {
  /** TCP port; 0, the default, uses any free port. */
  readonly port?: number;
  /** Address to listen on, 127.0.0.1 by default. */
  readonly host?: string;
  /** Minimum latency of every call; 0 by default. */
  readonly latencyMs?: number;
  /** Whether to apply AWS's rate limits; false by default. */
  readonly rateLimits?: boolean;
  /** Number of load balancers, at least the 3 of the sample. */
  readonly elbs?: number;
  /** Number of instances, at least the 25 of the sample. */
  readonly instances?: number;
  /** Name of the region, us-east-1 by default. */
  readonly region?: string;
  /** Virtual seconds per second of the clock, 1 by default. */
  readonly speed?: number;
  /** The system clock by default. */
  readonly clock?: HostClock;
  /** Overrides DEFAULT_BEHAVIOUR. */
  readonly behaviour?: Partial<Behaviour>;
}

/** A running embedded AWS, with access to its state for tests in the same process. */
export interface EmbeddedAws {
  /** The endpoint, `http://host:port`. */
  readonly url: string;
  readonly port: number;
  readonly region: Region;
  readonly faults: Faults;
  /** Returns the counts of calls since the start or the last reset. */
  calls(): CallCounts;
  resetCalls(): void;
  /** Stops listening and closes all connections, even those with requests in progress. */
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
  const deps: QueryApiDeps = { region, faults, calls, rateLimits, latencyMs, clock };
  const server = createServer((request, response) => void handle(deps, request, response));
  // Longer than clients keep idle connections, so that clients close them.
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

async function handle(deps: QueryApiDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await (isControl(request.url ?? '')
      ? handleControl(deps, request, response)
      : handleQuery(deps, request, response));
  } catch {
    // The client disconnected during its request.
    request.destroy();
  }
}
