import { EventEmitter, once } from 'node:events';

/** One line of the service's log, parsed. */
export type LogLine = Record<string, unknown> & { msg: string };

/** The lines of the service's log, in order. */
export class ServiceLog {
  readonly lines: LogLine[] = [];
  readonly #added = new EventEmitter().setMaxListeners(0);

  /** Adds a line of JSON. */
  add(line: string): void {
    this.lines.push(JSON.parse(line) as LogLine);
    this.#added.emit('line');
  }

  /** Resolves with the first line, past or future, that fits. */
  async first(fits: (line: LogLine) => boolean): Promise<LogLine> {
    for (;;) {
      const line = this.lines.find(fits);
      if (line !== undefined) return line;
      await once(this.#added, 'line');
    }
  }
}
