import { performance } from 'node:perf_hooks';

/** The region's time: real time × speed, plus every jump. Tests move it instead of sleeping. */
export class VirtualClock {
  #virtual = Date.now();
  #real = performance.now();
  #speed: number;

  /** @param speed virtual seconds a real second */
  constructor(speed = 1) {
    this.#speed = speed;
  }

  /** The virtual time, in milliseconds since 1970. */
  now(): number {
    return Math.floor(this.#virtual + (performance.now() - this.#real) * this.#speed);
  }

  /** Virtual seconds a real second. */
  get speed(): number {
    return this.#speed;
  }

  /** Jumps forward by so many seconds. */
  advance(seconds: number): void {
    this.#virtual += seconds * 1000;
  }

  /** From now on runs at `speed` virtual seconds a real second; the time shown does not jump. */
  setSpeed(speed: number): void {
    const real = performance.now();
    this.#virtual += (real - this.#real) * this.#speed;
    this.#real = real;
    this.#speed = speed;
  }
}
