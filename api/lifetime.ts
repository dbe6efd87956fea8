import type { LogStream } from './logger/log-stream.ts';
import { maskSecrets } from './logger/mask-secrets.ts';
import type { Logger } from './telemetry/logger.ts';

/** The time limit for a shutdown. The server closes within 10 s. */
const graceMs = 13_000;
/** The time limit for writing the last log lines. */
const lastLinesMs = 1000;
const parentCheckMs = 500;

/** The parts of the process that a shutdown uses. */
export interface Running {
  readonly log: LogStream;
  readonly logger: Logger;
  /** Closes the service. Undefined while the service is being created. */
  close?: () => Promise<void>;
}

/**
 * Shuts down the process on SIGTERM, on SIGINT, and when the npm process that started it exits. A blocked log or a
 * closed standard output or standard error does not affect the service or the shutdown.
 */
export class Lifetime {
  #running: Running | undefined;
  #closing = false;

  constructor() {
    // Ignore writes that fail because the pipe is closed or the disk is full.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const earlier = process.rawListeners(signal) as NodeJS.SignalsListener[];
      process.on(signal, () => {
        this.#stop(signal);
      });
      // Remove the listeners of scripts/entry.mjs only after the new one is added: a pending signal is lost if there is
      // no listener.
      for (const listener of earlier) process.removeListener(signal, listener);
    }
    process.on('uncaughtException', (err) => {
      process.stderr.write(`${maskSecrets(err.stack ?? String(err))}\n`);
      this.#running?.logger.error({ err }, 'uncaught exception; the process exits');
      void this.end(1);
    });
    if (process.env['npm_lifecycle_event'] !== undefined) this.#watchParent();
  }

  set running(running: Running) {
    this.#running = running;
  }

  /** Exits with this code after it has tried to write the last log lines. */
  async end(code: number): Promise<never> {
    // If the operating system blocks a write, process.exit() waits forever.
    if ((await this.#running?.log.settle(lastLinesMs)) === false) kill();
    process.exit(code);
  }

  #stop(reason: string): void {
    // Ctrl-C in a terminal sends two signals: one from the terminal and one from npm.
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
        logger?.error({ err }, 'shutdown failed');
        void this.end(1);
      },
    );
  }

  /** npm forwards only SIGTERM and SIGINT. */
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
