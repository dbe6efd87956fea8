import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A connection on which anything can be sent, whole requests or not. */
export class RawConnection {
  /** All that came so far. */
  received = '';
  /** When the other side had ended it, as `performance.now()` tells. */
  readonly ended: Promise<number>;
  readonly #socket: Socket;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#socket = connect(Number(port), hostname);
    this.#socket.on('data', (chunk: Buffer) => (this.received += chunk.toString()));
    this.#socket.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      this.#socket.once('close', () => {
        resolve(performance.now());
      });
    });
  }

  send(...lines: string[]): void {
    this.#socket.write(lines.join('\r\n'));
  }

  /** Resolves when what came fits. */
  async receive(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.received)) await once(this.#socket, 'data');
  }

  /** Reads nothing until `resume()`. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** Resolves when the condition holds, for what has no event; rejects when it does not within 50 seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const start = performance.now();
  while (!(await condition())) {
    if (performance.now() - start > 50_000) throw new Error(`in vain: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
