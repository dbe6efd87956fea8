import type { Logger } from '../telemetry.ts';

interface Count {
  readonly route: string;
  readonly status: number;
  readonly principal: string | undefined;
  requests: number;
  slowestMs: number;
}

/** Counts reads by route, status and principal, and tells the log of them in one line a second. */
export class ReadTally {
  readonly #logger: Logger;
  readonly #counts = new Map<string, Count>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  count(route: string, status: number, principal: string | undefined, durationMs: number): void {
    const key = `${status} ${route} ${principal ?? ''}`;
    let count = this.#counts.get(key);
    if (count === undefined) {
      if (this.#counts.size === 0)
        setTimeout(() => {
          this.#tell();
        }, 1000);
      count = { route, status, principal, requests: 0, slowestMs: 0 };
      this.#counts.set(key, count);
    }
    count.requests += 1;
    if (durationMs > count.slowestMs) count.slowestMs = durationMs;
  }

  #tell(): void {
    const counts = [...this.#counts.values()];
    this.#counts.clear();
    const reads = counts.map((count) => ({ ...count, slowestMs: Math.round(count.slowestMs * 10) / 10 }));
    this.#logger.info({ requests: counts.reduce((sum, { requests }) => sum + requests, 0), reads }, 'reads');
  }
}
