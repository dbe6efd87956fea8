/** The system clock or the clock of a test. */
export interface HostClock {
  /** Returns the time of a monotonic clock, in milliseconds. */
  now(): number;
  /** Returns the number of milliseconds since 1970. */
  epochMs(): number;
  /** Runs the task after `ms` milliseconds. */
  after(ms: number, task: () => void): void;
}

/** The system clock. Its timers do not keep the process alive. */
export const processClock: HostClock = {
  now: () => performance.now(),
  epochMs: () => Date.now(),
  after: (ms, task) => {
    setTimeout(task, ms).unref();
  },
};

/** The virtual time of the region: the time of the host clock × speed, plus the jumps. */
export class RegionClock {
  readonly #host: HostClock;
  #virtual: number;
  #since: number;
  #speed: number;

  /** @param speed virtual seconds per second of the host clock */
  constructor(host: HostClock, speed = 1) {
    this.#host = host;
    this.#virtual = host.epochMs();
    this.#since = host.now();
    this.#speed = speed;
  }

  /** The virtual time, in milliseconds since 1970. */
  now(): number {
    return Math.floor(this.#virtual + (this.#host.now() - this.#since) * this.#speed);
  }

  /** Virtual seconds per second of the host clock. */
  get speed(): number {
    return this.#speed;
  }

  advance(seconds: number): void {
    this.#virtual += seconds * 1000;
  }

  /** Changes the speed. The virtual time does not jump. */
  setSpeed(speed: number): void {
    const now = this.#host.now();
    this.#virtual += (now - this.#since) * this.#speed;
    this.#since = now;
    this.#speed = speed;
  }
}
