import type { AppMiddleware } from './context.ts';

/** Counts the requests that are being answered. */
export class InFlight {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  middleware(): AppMiddleware {
    return async (_ctx, next) => {
      this.#count += 1;
      try {
        await next();
      } finally {
        this.#count -= 1;
      }
    };
  }
}
