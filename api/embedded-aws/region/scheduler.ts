/** Runs tasks at virtual times, such as the end of draining. */
export class Scheduler {
  #entries: { readonly at: number; readonly run: () => void }[] = [];

  /** Schedules `run` for the virtual time `at`, in milliseconds since 1970. */
  schedule(at: number, run: () => void): void {
    const next = this.#entries.findIndex((entry) => entry.at > at);
    this.#entries.splice(next === -1 ? this.#entries.length : next, 0, { at, run });
  }

  /** Runs the tasks that are due at `now`, in order. */
  runDue(now: number): void {
    for (let first = this.#entries[0]; first && first.at <= now; first = this.#entries[0]) {
      this.#entries.shift();
      first.run();
    }
  }
}
