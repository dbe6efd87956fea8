import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { unusedPort } from '../support/unused-port.ts';

/** A server that was started as a process of its own. */
export interface ServerProcess {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts a server on a free port, and resolves once it answers at `path`. Throws with what it wrote to standard error
 * if it ends before or has not answered in 30 s.
 */
export async function startServer(
  command: string,
  args: (port: number) => string[],
  path: string,
): Promise<ServerProcess> {
  const port = await unusedPort();
  const child = spawn(command, args(port), { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'exit').then(() => undefined);
  const url = `http://127.0.0.1:${port}`;
  const server = { url, close: () => end(child, ended) };
  const giveUpAt = performance.now() + 30_000;
  while (!(await answers(url + path))) {
    if (child.exitCode === null && performance.now() < giveUpAt) {
      await sleep(50);
      continue;
    }
    await server.close();
    throw new Error(`${command} does not answer on port ${port}: ${stderr}`);
  }
  return server;
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  await ended;
}

async function answers(url: string): Promise<boolean> {
  return fetch(url, { headers: { Connection: 'close' } }).then(
    ({ ok }) => ok,
    () => false,
  );
}
