import type { Logger } from '../../telemetry/logger.ts';

/** Tracks whether calls to an AWS action currently fail, and logs the first failure and the recovery. */
export class OutageTracker {
  readonly #action: string;
  readonly #logger: Logger;
  #error: unknown;

  constructor(action: string, logger: Logger) {
    this.#action = action;
    this.#logger = logger;
  }

  /** The last failure, or undefined if the last call succeeded. */
  get error(): unknown {
    return this.#error;
  }

  failed(error: unknown): void {
    if (this.#error === undefined)
      this.#logger.warn({ err: error }, `${this.#action} is failing; serving cached data`);
    this.#error = error;
  }

  succeeded(): void {
    if (this.#error !== undefined) this.#logger.info({}, `${this.#action} has recovered`);
    this.#error = undefined;
  }
}
