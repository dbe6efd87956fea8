import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { unusedPort } from '../support/unused-port.ts';

/** A server that runs in a separate process. */
export interface ServerProcess {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts a server on a free port and resolves when it responds to GET `path` with a 2xx status. Throws with the standard
 * error output if the process exits or does not respond within 30 s.
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
  const exited = once(child, 'exit').then(() => undefined);
  const url = `http://127.0.0.1:${port}`;
  const server = { url, close: () => stop(child, exited) };
  const deadline = performance.now() + 30_000;
  while (!(await isHealthy(url + path))) {
    if (child.exitCode === null && performance.now() < deadline) {
      await sleep(50);
      continue;
    }
    await server.close();
    throw new Error(`${command} did not respond on port ${port}: ${stderr}`);
  }
  return server;
}

async function stop(child: ChildProcess, exited: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  await exited;
}

async function isHealthy(url: string): Promise<boolean> {
  return fetch(url, { headers: { Connection: 'close' } }).then(
    ({ ok }) => ok,
    () => false,
  );
}
