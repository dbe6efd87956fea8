import sonicBoom from 'sonic-boom';

const { SonicBoom } = sonicBoom;

/** The maximum size of the buffer. When the buffer is full, additional lines are dropped. */
const maxBufferBytes = 1_000_000;
/** The delay before a failed write is retried. */
const retryMs = 1000;
/**
 * If a write has no result for this long, it is considered blocked. SonicBoom retries a write to a full pipe every 100
 * ms.
 */
const blockedMs = 300;

/**
 * Writes log lines to a file descriptor without blocking. If the pipe is closed, the disk is full or the reader stalls,
 * it drops lines instead of delaying responses or the exit of the process.
 */
export class LogStream {
  /** Called with the number of dropped lines when lines can be written again. */
  onLost: (lines: number) => void = () => undefined;
  readonly #stream: InstanceType<typeof SonicBoom>;
  /** `failed` means that the last write failed; the lines stay in the buffer. */
  #state: 'idle' | 'writing' | 'failed' = 'idle';
  #lost = 0;
  #dropped = 0;
  #retryIsScheduled = false;
  #ending = false;
  #changed: () => void = () => undefined;

  constructor(fd: number) {
    // pino.destination() is not suitable, because its flush on exit loops forever on EPIPE and ENOSPC.
    this.#stream = new SonicBoom({
      fd,
      sync: false,
      maxLength: maxBufferBytes,
      retryEAGAIN: () => !this.#ending,
    });
    this.#stream.on('drop', () => {
      this.#lost += 1;
      this.#dropped += 1;
    });
    this.#stream.on('drain', () => {
      this.#become('idle');
      const lost = this.#lost;
      this.#lost = 0;
      if (lost > 0) this.onLost(lost);
    });
    this.#stream.on('error', () => {
      this.#become('failed');
      if (this.#retryIsScheduled) return;
      this.#retryIsScheduled = true;
      setTimeout(() => {
        this.#retryIsScheduled = false;
        this.write('');
      }, retryMs).unref();
    });
  }

  /** The number of lines dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    const lost = this.#lost;
    this.#stream.write(line);
    // A dropped line starts no write.
    if (this.#lost === lost) this.#state = 'writing';
  }

  /**
   * Waits until all lines are written or have failed, but at most `limitMs`. Returns false if a write is still in
   * progress, in which case process.exit() would wait for it.
   */
  async settle(limitMs: number): Promise<boolean> {
    await this.#quietWithin(limitMs);
    this.#ending = true;
    await this.#quietWithin(blockedMs);
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
