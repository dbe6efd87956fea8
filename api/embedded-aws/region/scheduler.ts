/** Things that happen by themselves at a virtual time: draining that ends, a terminated instance that vanishes. */
export class Scheduler {
  #entries: { readonly at: number; readonly run: () => void }[] = [];

  /** Plans `run` for the virtual time `at`, milliseconds since 1970. */
  schedule(at: number, run: () => void): void {
    const next = this.#entries.findIndex((entry) => entry.at > at);
    this.#entries.splice(next === -1 ? this.#entries.length : next, 0, { at, run });
  }

  /** Runs, in order, everything planned up to `now`. */
  runDue(now: number): void {
    for (let first = this.#entries[0]; first && first.at <= now; first = this.#entries[0]) {
      this.#entries.shift();
      first.run();
    }
  }
}
