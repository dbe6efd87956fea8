import sonicBoom from 'sonic-boom';

const { SonicBoom } = sonicBoom;

/** Bytes that may wait for a log that cannot be written; further lines are lost. */
const mostWaitingBytes = 1_000_000;
/** Milliseconds after which a failed write is tried again, without a new line too. */
const retryMs = 1000;
/** SonicBoom repeats a write to a full pipe every 100 ms; a write that is silent for this long is stuck in the system. */
const stuckMs = 300;

/**
 * A stream of log lines to a file descriptor that nothing waits for: a closed pipe, a full disk or a reader that stands
 * still costs log lines, and neither answers nor the end of the process.
 */
export class LogStream {
  /** Called with the number of lines that were lost, when lines can be written again. */
  onLost: (lines: number) => void = () => undefined;
  readonly #stream: InstanceType<typeof SonicBoom>;
  /** `failed`: the system refused the last write; the lines wait for the next one. */
  #state: 'idle' | 'writing' | 'failed' = 'idle';
  #lost = 0;
  /** Whether a failed write will be tried again without a new line. */
  #retries = false;
  #ending = false;
  #changed: () => void = () => undefined;

  constructor(fd: number) {
    // pino.destination() makes the same stream, but flushes it at the exit by a loop that has no end on EPIPE and ENOSPC.
    this.#stream = new SonicBoom({
      fd,
      sync: false,
      maxLength: mostWaitingBytes,
      retryEAGAIN: () => !this.#ending,
    });
    this.#stream.on('drop', () => (this.#lost += 1));
    this.#stream.on('drain', () => {
      this.#become('idle');
      const lost = this.#lost;
      this.#lost = 0;
      if (lost > 0) this.onLost(lost);
    });
    this.#stream.on('error', () => {
      this.#become('failed');
      if (this.#retries) return;
      this.#retries = true;
      setTimeout(() => {
        this.#retries = false;
        this.write('');
      }, retryMs).unref();
    });
  }

  write(line: string): void {
    const lost = this.#lost;
    this.#stream.write(line);
    // A line that was dropped starts no write.
    if (this.#lost === lost) this.#state = 'writing';
  }

  /**
   * Waits until all lines are written or cannot be, for `limitMs` at most. Returns whether no write is under way:
   * process.exit() waits for one that is.
   */
  async settle(limitMs: number): Promise<boolean> {
    await this.#quietWithin(limitMs);
    this.#ending = true;
    await this.#quietWithin(stuckMs);
    return this.#state !== 'writing';
  }

  #become(state: 'idle' | 'failed'): void {
    this.#state = state;
    this.#changed();
  }

  #quietWithin(limitMs: number): Promise<void> {
    if (this.#state !== 'writing') return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.#changed = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
