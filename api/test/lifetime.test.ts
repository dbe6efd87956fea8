import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './http/raw-connection.ts';
import { emptyFolder, spawnService, token } from './support/service.ts';
import { unusedPort } from './support/unused-port.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const serverReady = (port: number) =>
  until(() =>
    fetch(`http://127.0.0.1:${port}/healthcheck`, { headers: { Connection: 'close' } }).then(
      ({ ok }) => ok,
      () => false,
    ),
  );

/** Opens a FIFO whose reader never reads. */
function openFifo() {
  const path = join(emptyFolder(), 'fifo');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { path, reader, writer: openSync(path, 'w') };
}

/** Returns the exit code of the process, or the signal that ended it. */
async function endOf(child: ChildProcess): Promise<number | string | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode ?? child.signalCode;
}

describe('The service serves requests and shuts down', () => {
  /** `open` returns the standard output and error, and a function to call once the service listens. */
  const logs: [what: string, open: () => { stdio: StdioOptions; then?: () => void }][] = [
    [
      'when the reader of its output closes the pipe',
      () => {
        const { reader, writer } = openFifo();
        return {
          stdio: ['ignore', writer, writer],
          then: () => {
            closeSync(reader);
          },
        };
      },
    ],
    [
      'when the reader of its output has closed the pipe before the start',
      () => {
        const { reader, writer } = openFifo();
        closeSync(reader);
        return { stdio: ['ignore', writer, writer] };
      },
    ],
    [
      'when the reader of its output stalls',
      () => {
        const { writer } = openFifo();
        return { stdio: ['ignore', writer, writer] };
      },
    ],
    [
      'when the disk of its log is full',
      () => {
        const full = openSync('/dev/full', 'w');
        return { stdio: ['ignore', full, full] };
      },
    ],
  ];
  for (const [what, open] of logs)
    it(what, async () => {
      const { stdio, then } = open();
      const port = await unusedPort();
      const child = spawnService(
        { PORT: String(port), LOG_LEVEL: 'info', LOG_MAX_PER_SECOND: '0' },
        undefined,
        stdio,
      );
      await serverReady(port);
      then?.();
      // Logs more lines than a pipe holds; refused changes are always logged.
      for (let round = 0; round < 15; round += 1) {
        const answers = Array.from({ length: 20 }, () =>
          fetch(`http://127.0.0.1:${port}/elb/x`, {
            method: 'POST',
            headers: {
              Connection: 'close',
              Authorization: `Basic ${Buffer.from('sre:change-me').toString('base64')}`,
            },
          }),
        );
        for (const { status } of await Promise.all(answers)) assert.equal(status, 400);
      }
      child.kill('SIGTERM');
      assert.equal(await endOf(child), 0);
    });

  it('with SIGKILL when a log write is blocked', async () => {
    const { writer } = openFifo();
    const program = `
      const { Lifetime } = await import('./api/lifetime.ts');
      const { LogStream } = await import('./api/logger/log-stream.ts');
      const log = new LogStream(3);
      const logger = { info() {}, error() {} };
      new Lifetime().running = { log, logger };
      for (let n = 0; n < 200; n += 1) log.write('x'.repeat(999));
      setInterval(() => {}, 1000);
      process.stdout.write('ready');`;
    const argv = ['--import', 'tsx', '--input-type', 'module', '--eval', program];
    const child = spawn(process.execPath, argv, { cwd: root, stdio: ['ignore', 'pipe', 'inherit', writer] });
    await once(child.stdout!, 'data');
    child.kill('SIGTERM');
    assert.equal(await endOf(child), 'SIGKILL');
  });
});

describe('The embedded AWS', () => {
  it('serves requests and shuts down when the reader of its output has closed the pipe', async () => {
    const { reader, writer } = openFifo();
    closeSync(reader);
    const port = await unusedPort();
    const argv = ['--import', 'tsx', 'api/embedded-aws/main.ts', '--port', String(port)];
    const child = spawn(process.execPath, argv, { cwd: root, stdio: ['ignore', writer, writer] });
    await until(() =>
      fetch(`http://127.0.0.1:${port}/_control/calls`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    child.kill('SIGTERM');
    assert.equal(await endOf(child), 0);
  });
});

describe('A signal', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    it(`${signal} ends the process with 0 while the service is loading`, async () => {
      const program = `
        const { Lifetime } = await import('./api/lifetime.ts');
        process.on('${signal}', () => process.exit(9));
        process.kill(process.pid, '${signal}');
        new Lifetime();
        setTimeout(() => process.exit(8), 10000);`;
      const argv = ['--import', 'tsx', '--input-type', 'module', '--eval', program];
      const child = spawn(process.execPath, argv, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
      assert.equal(await endOf(child), 0);
    });

  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    it(`${signal} ends the process with 0 while the service starts`, async () => {
      const silent = createServer();
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const child = spawnService({
        AWS_BACKEND: 'aws',
        API_TOKEN: token,
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`,
        LOG_LEVEL: 'info',
      });
      await once(silent, 'request');
      child.kill(signal);
      assert.equal(await endOf(child), 0);
      silent.closeAllConnections();
      silent.close();
    });
});

describe('npm start', () => {
  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGHUP'] as const)
    it(`ends the server when npm gets ${signal}`, async () => {
      const { PATH = '', HOME = '' } = process.env;
      const env = { PATH, HOME, HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'info' };
      const npm = spawn('npm', ['start'], { cwd: root, env, stdio: ['ignore', 'pipe', 'ignore'] });
      let output = '';
      npm.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      const closed = once(npm.stdout, 'close');
      await until(() => output.includes('"listening"'));
      npm.kill(signal);
      // The pipe closes when the last process with it ends.
      await closed;
      assert.match(output, /"closing".*"closed"/s);
    });
});
