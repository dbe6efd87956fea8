/** The clock of the process or of a test. */
export interface HostClock {
  /** Returns monotonic milliseconds. */
  now(): number;
  /** Returns milliseconds since 1970. */
  epochMs(): number;
  /** Runs the task in `ms` milliseconds. */
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

/** The virtual time of the region: the host's time × speed, plus the jumps. */
export class RegionClock {
  readonly #host: HostClock;
  #virtual: number;
  #since: number;
  #speed: number;

  /** @param speed virtual seconds per second of the host */
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

  /** Virtual seconds per second of the host. */
  get speed(): number {
    return this.#speed;
  }

  advance(seconds: number): void {
    this.#virtual += seconds * 1000;
  }

  /** Changes the speed without a jump of the time. */
  setSpeed(speed: number): void {
    const now = this.#host.now();
    this.#virtual += (now - this.#since) * this.#speed;
    this.#since = now;
    this.#speed = speed;
  }
}
