import type { LogStream } from './logger/log-stream.ts';
import { maskSecrets } from './logger/mask-secrets.ts';
import type { Logger } from './telemetry/logger.ts';

/** Milliseconds after the order to end by which the process ends for certain: the server closes within 10 s. */
const graceMs = 13_000;
/** Milliseconds that the end waits for log lines to be written. */
const lastLinesMs = 1000;
const parentCheckMs = 500;

/** What the end of the process needs to know once there is a service. */
export interface Running {
  readonly log: LogStream;
  readonly logger: Logger;
  /** Ends the service gently; undefined until there is one. */
  close?: () => Promise<void>;
}

/**
 * Decides when the process ends, from its construction on: at SIGTERM and SIGINT, and when npm, which started it, is
 * gone. Neither the log nor a closed standard output or error keeps the process from serving or from ending.
 */
export class Lifetime {
  #running: Running | undefined;
  #closing = false;

  constructor() {
    // A pipe may be closed by its reader, and a disk be full: what is written there is then lost.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const earlier = process.rawListeners(signal) as NodeJS.SignalsListener[];
      process.on(signal, () => {
        this.#stop(signal);
      });
      // scripts/entry.mjs handles the signals until here. Its listener goes last: a signal that waits for the event loop is
      // lost where there is no listener for a moment.
      for (const listener of earlier) process.removeListener(signal, listener);
    }
    process.on('uncaughtException', (err) => {
      process.stderr.write(`${maskSecrets(err.stack ?? String(err))}\n`);
      this.#running?.logger.error({ err }, 'an unforeseen error ends the process');
      void this.end(1);
    });
    if (process.env['npm_lifecycle_event'] !== undefined) this.#watchParent();
  }

  /** Gives the end something to close and to log to. */
  set running(running: Running) {
    this.#running = running;
  }

  /** Ends the process with this exit code, after the last log lines if they can be written. */
  async end(code: number): Promise<never> {
    // process.exit() would wait for a write that is stuck in the system, and would do so forever.
    if ((await this.#running?.log.settle(lastLinesMs)) === false) kill();
    process.exit(code);
  }

  #stop(reason: string): void {
    // Ctrl-C in a terminal comes twice: from the terminal and from npm.
    if (this.#closing) return;
    this.#closing = true;
    setTimeout(kill, graceMs).unref();
    const { logger, close } = this.#running ?? {};
    logger?.info({ signal: reason }, 'closing');
    const closed = close?.() ?? Promise.resolve();
    closed.then(
      () => {
        logger?.info({}, 'closed');
        void this.end(0);
      },
      (err: unknown) => {
        logger?.error({ err }, 'the service did not close well');
        void this.end(1);
      },
    );
  }

  /** npm forwards SIGTERM and SIGINT, and no other signal that ends it. */
  #watchParent(): void {
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) this.#stop('the end of npm');
    }, parentCheckMs).unref();
  }
}

function kill(): void {
  process.kill(process.pid, 'SIGKILL');
}
