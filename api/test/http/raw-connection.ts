import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A connection that sends raw text. */
export class RawConnection {
  /** The text received so far. */
  received = '';
  /** The time at which the connection closed, on the time scale of `performance.now()`. */
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

  /** Resolves when the received text matches. */
  async receive(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.received)) await once(this.#socket, 'data');
  }

  /** Stops reading until `resume()`. */
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
