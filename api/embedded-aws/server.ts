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
  /** The TCP port. 0, the default, selects any free port. */
  readonly port?: number;
  /** The address to listen on; 127.0.0.1 by default. */
  readonly host?: string;
  /** The minimum latency of every call, in milliseconds; 0 by default. */
  readonly latencyMs?: number;
  /** Whether to apply the AWS rate limits; false by default. */
  readonly rateLimits?: boolean;
  /** The number of load balancers; at least the 3 in the sample. */
  readonly elbs?: number;
  /** The number of instances; at least the 25 in the sample. */
  readonly instances?: number;
  /** The name of the region; us-east-1 by default. */
  readonly region?: string;
  /** Virtual seconds per second of the clock; 1 by default. */
  readonly speed?: number;
  /** The clock; the system clock by default. */
  readonly clock?: HostClock;
  /** Values that override DEFAULT_BEHAVIOUR. */
  readonly behaviour?: Partial<Behaviour>;
}

/** A running instance of the embedded AWS. Tests in the same process can access its state. */
export interface EmbeddedAws {
  /** The endpoint, `http://host:port`. */
  readonly url: string;
  readonly port: number;
  readonly region: Region;
  readonly faults: Faults;
  /** Returns the counts of calls since startup or the last reset. */
  calls(): CallCounts;
  resetCalls(): void;
  /** Stops listening and closes all connections, including those with requests in progress. */
  close(): Promise<void>;
}

/** Starts the embedded AWS. Throws the error of the operating system, such as EADDRINUSE, if it cannot listen. */
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
  // This is longer than clients keep idle connections open, so that clients close them first.
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
