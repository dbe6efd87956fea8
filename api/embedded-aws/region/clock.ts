/** The clock outside the region: of the process, or of a test. */
export interface HostClock {
  /** Returns milliseconds since some fixed moment; it never goes back. */
  now(): number;
  /** Returns the time of day, in milliseconds since 1970. */
  epochMs(): number;
  /** Runs the task once, in `ms` milliseconds. */
  after(ms: number, task: () => void): void;
}

/** The clock of this process. Its timers do not keep the process alive. */
export const processClock: HostClock = {
  now: () => performance.now(),
  epochMs: () => Date.now(),
  after: (ms, task) => {
    setTimeout(task, ms).unref();
  },
};

/** The region's time: the host's × speed, plus every jump. */
export class RegionClock {
  readonly #host: HostClock;
  #virtual: number;
  #since: number;
  #speed: number;

  /** @param speed virtual seconds a second of the host */
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

  /** Virtual seconds a second of the host. */
  get speed(): number {
    return this.#speed;
  }

  /** Jumps forward by so many seconds. */
  advance(seconds: number): void {
    this.#virtual += seconds * 1000;
  }

  /** From now on runs at `speed` virtual seconds a second of the host; the time shown does not jump. */
  setSpeed(speed: number): void {
    const now = this.#host.now();
    this.#virtual += (now - this.#since) * this.#speed;
    this.#since = now;
    this.#speed = speed;
  }
}
