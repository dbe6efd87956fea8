import { setMaxListeners } from 'node:events';
import autocannon from 'autocannon';
import type { Recorder } from './recorder.ts';

/** What is asked of a server; without a rate, each connection sends the next request as soon as it has the answer. */
export interface Ask {
  readonly label: string;
  readonly connections: number;
  readonly seconds?: number;
  /** Ends after so many requests instead. */
  readonly amount?: number;
  /** Requests a second over all connections. */
  readonly rate?: number;
  /** Asked for in turn by every connection. */
  readonly paths: readonly string[];
  /** Requests a second that somebody else sends meanwhile, to be counted into --max-rate. */
  readonly beside?: number;
  /** Gets the body of every answer. */
  readonly onBody?: (body: string) => void;
  /** Connections that come and go, instead of all for the whole time. */
  readonly stages?: readonly Stage[];
}

export interface Stage {
  /** Seconds since the start of the run. */
  readonly from: number;
  readonly to: number;
  readonly connections: number;
}

/** With a rate, autocannon sends the share of a second at its start: a run ends before the share of one more, in seconds. */
const lastBurst = 0.2;

/** A server could not be asked any longer: the message is one sentence. */
export class Unreachable extends Error {}

/** How many connections are open at a second of the run. */
export function connectionsAt(ask: Ask, second: number): number {
  const stages = ask.stages ?? [{ from: 0, to: Infinity, connections: ask.connections }];
  return stages.reduce(
    (sum, { from, to, connections }) => sum + (second >= from && second < to ? connections : 0),
    0,
  );
}

/**
 * Sends what is asked until it is done or the signal aborts, and counts the answers in `recorder`.
 * @throws Unreachable when the server no longer takes connections
 */
export async function fire(
  server: { readonly url: string; readonly authorization: string },
  ask: Ask,
  recorder: Recorder,
  signal: AbortSignal,
): Promise<void> {
  const stages = ask.stages ?? [{ from: 0, to: ask.seconds ?? 0, connections: ask.connections }];
  const refused = new AbortController();
  const stop = AbortSignal.any([signal, refused.signal]);
  // Every stage listens.
  setMaxListeners(0, stop);
  await Promise.all(stages.map((stage) => fireStage(server, ask, stage, recorder, stop, refused)));
  if (refused.signal.aborted) throw refused.signal.reason;
}

async function fireStage(
  server: { readonly url: string; readonly authorization: string },
  ask: Ask,
  { from, to, connections }: Stage,
  recorder: Recorder,
  stop: AbortSignal,
  refused: AbortController,
): Promise<void> {
  await delay(from * 1000, stop);
  if (stop.aborted) return;
  const all = (ask.stages ?? [{ connections }]).reduce((sum, stage) => sum + stage.connections, 0);
  const rate = ask.rate === undefined ? undefined : Math.max(1, Math.floor((ask.rate * connections) / all));
  // Every connection needs one request a second at least: autocannon knows no slower pace.
  const open = Math.min(connections, rate ?? Infinity);
  const interval = rate === undefined ? undefined : (1000 * open) / rate;
  const { onBody } = ask;
  await new Promise<void>((resolve, reject) => {
    const instance = autocannon(
      {
        url: server.url,
        connections: open,
        headers: { Authorization: server.authorization },
        requests: ask.paths.map((path) => ({ path })),
        // How often autocannon looks whether it is to stop.
        sampleInt: 100,
        ...(ask.amount === undefined
          ? { duration: to - from - (rate === undefined ? 0 : lastBurst) }
          : { amount: ask.amount }),
        ...(rate !== undefined && { overallRate: rate }),
        ...(onBody !== undefined && {
          verifyBody: (body) => {
            onBody(String(body));
            return true;
          },
        }),
      },
      (error: unknown) => {
        stop.removeEventListener('abort', end);
        if (error instanceof Error) reject(error);
        else resolve();
      },
    );
    const end = (): void => {
      instance.stop();
    };
    stop.addEventListener('abort', end);
    instance.on('response', (_client, status, _bytes, ms) => {
      recorder.answer(status, ms, interval);
    });
    instance.on('reqError', (error: NodeJS.ErrnoException) => {
      if (stop.aborted) return;
      recorder.error(error.message === 'request timed out');
      if (error.code === 'ECONNREFUSED')
        refused.abort(
          new Unreachable(`${server.url} takes no connections any longer: the server has ended.`),
        );
    });
  });
}

/** Resolves after so many milliseconds, or as soon as the signal aborts. */
export function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted || ms <= 0) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
