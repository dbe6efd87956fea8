import type { Ask } from '../load/load.ts';
import type { Sample } from '../load/recorder.ts';

/** One line that is written over on a terminal; elsewhere, a line a scenario. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** Says that a scenario begins. */
  begin(scenario: string, asks: string): void {
    this.clear();
    this.#stream.write(`${scenario}: ${asks}\n`);
  }

  /** Shows the second that has just ended. */
  show(scenario: string, server: string, ask: Ask, sample: Sample, failed: number): void {
    if (!this.#stream.isTTY) return;
    const total =
      ask.amount === undefined ? `${ask.seconds ?? 0} s` : `${ask.amount.toLocaleString('en')} requests`;
    const line =
      `${scenario} · ${server} · ${ask.label} · ${Math.round(sample.at)} s of ${total} · ${sample.connections} connections` +
      ` · ${Math.round(sample.requestsPerSecond).toLocaleString('en')} req/s · p99 ${sample.p99.toFixed(1)} ms · ${failed} failed`;
    this.#stream.write(`\r\x1b[K${line.slice(0, this.#stream.columns - 1)}`);
  }

  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[K');
  }
}
