import { EventEmitter, once } from 'node:events';

/** A parsed log line from the service. */
export type LogLine = Record<string, unknown> & { msg: string };

/** Collects the log lines from the service in order. */
export class ServiceLog {
  readonly lines: LogLine[] = [];
  readonly #added = new EventEmitter().setMaxListeners(0);

  /** Parses and adds a JSON line. */
  add(line: string): void {
    this.lines.push(JSON.parse(line) as LogLine);
    this.#added.emit('line');
  }

  /** Resolves with the first line that matches as soon as it exists. */
  async first(matches: (line: LogLine) => boolean): Promise<LogLine> {
    for (;;) {
      const line = this.lines.find(matches);
      if (line !== undefined) return line;
      await once(this.#added, 'line');
    }
  }
}
