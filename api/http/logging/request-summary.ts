import type { Logger } from '../../telemetry/logger.ts';
import type { Clock } from '../../clock.ts';

interface Count {
  readonly route: string;
  readonly status: number;
  readonly principal: string | undefined;
  requests: number;
  slowestMs: number;
}

/** Counts requests by route, status and principal, and logs the counts in one line per second. */
export class RequestSummary {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #message: string;
  readonly #counts = new Map<string, Count>();
  /** The most recently used count, because the next read usually has the same key. */
  #last: Count | undefined;
  #cancelFlush: () => void = () => undefined;

  /** `message` is the message of the summary line. */
  constructor(logger: Logger, clock: Clock, message = 'reads') {
    this.#logger = logger;
    this.#clock = clock;
    this.#message = message;
  }

  count(route: string, status: number, principal: string | undefined, durationMs: number): void {
    let count = this.#last;
    if (count?.route !== route || count.status !== status || count.principal !== principal) {
      count = this.#find(route, status, principal);
      this.#last = count;
    }
    count.requests += 1;
    if (durationMs > count.slowestMs) count.slowestMs = durationMs;
  }

  #find(route: string, status: number, principal: string | undefined): Count {
    const key = `${status} ${route} ${principal ?? ''}`;
    let count = this.#counts.get(key);
    if (count === undefined) {
      if (this.#counts.size === 0)
        this.#cancelFlush = this.#clock.after(1000, () => {
          this.flush();
        });
      count = { route, status, principal, requests: 0, slowestMs: 0 };
      this.#counts.set(key, count);
    }
    return count;
  }

  /** Logs the counts, if any, and resets them. */
  flush(): void {
    this.#cancelFlush();
    if (this.#counts.size === 0) return;
    const counts = [...this.#counts.values()];
    this.#counts.clear();
    this.#last = undefined;
    const reads = counts.map((count) => ({ ...count, slowestMs: Math.round(count.slowestMs * 10) / 10 }));
    this.#logger.info(
      { requests: counts.reduce((sum, { requests }) => sum + requests, 0), reads },
      this.#message,
    );
  }
}
