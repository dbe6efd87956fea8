import type { Logger } from '../../telemetry/logger.ts';

/** Remembers that something cannot be had at present, and has the log tell its beginning and its end, once each. */
export class OutageTracker {
  readonly #what: string;
  readonly #logger: Logger;
  #error: unknown;

  constructor(what: string, logger: Logger) {
    this.#what = what;
    this.#logger = logger;
  }

  /** Why it cannot be had, or undefined where it can. */
  get error(): unknown {
    return this.#error;
  }

  begin(error: unknown): void {
    if (this.#error === undefined) {
      this.#logger.warn(
        { err: error },
        `AWS does not tell of ${this.#what}: what is known of them is served as long as it may be`,
      );
    }
    this.#error = error;
  }

  end(): void {
    if (this.#error !== undefined) this.#logger.info({}, `AWS tells of ${this.#what} again`);
    this.#error = undefined;
  }
}
