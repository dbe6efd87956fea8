import type { LabelledLoad } from '../load/load.ts';
import type { Sample } from '../load/recorder.ts';

/** On a terminal, updates one line in place; otherwise, prints one line per scenario. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  begin(scenario: string, workload: string): void {
    this.clear();
    this.#stream.write(`${scenario}: ${workload}\n`);
  }

  /** Shows the results for the last second. */
  show(scenario: string, server: string, load: LabelledLoad, sample: Sample, failed: number): void {
    if (!this.#stream.isTTY) return;
    const total =
      load.amount === undefined ? `${load.seconds ?? 0} s` : `${load.amount.toLocaleString('en')} requests`;
    const line =
      `${scenario} · ${server} · ${load.label} · ${Math.round(sample.at)} s of ${total} · ${sample.connections} connections` +
      ` · ${Math.round(sample.requestsPerSecond).toLocaleString('en')} req/s · p99 ${sample.p99.toFixed(1)} ms · ${failed} failed`;
    this.#stream.write(`\r\x1b[K${line.slice(0, this.#stream.columns - 1)}`);
  }

  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[K');
  }
}
