import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RawConnection, until } from './http/raw-connection.ts';
import { emptyFolder, spawnService, token } from './support/service.ts';
import { unusedPort } from './support/unused-port.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const program = join(root, '.test-build/lifetime.js');
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

const started: ChildProcess[] = [];
function track<T extends ChildProcess>(child: T): T {
  started.push(child);
  return child;
}
/** Kills the processes that a failed test leaves running. */
function killStarted(): void {
  for (const child of started.splice(0)) child.kill('SIGKILL');
}

describe('The service serves requests and shuts down', () => {
  afterEach(killStarted);

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
      const settings = { PORT: String(port), LOG_LEVEL: 'info', LOG_MAX_PER_SECOND: '0' };
      const child = track(spawnService(settings, undefined, stdio));
      await serverReady(port);
      then?.();
      // Logs more lines than a pipe holds; refused changes are always logged.
      const connection = new RawConnection(`http://127.0.0.1:${port}`);
      const authorization = `Authorization: Basic ${Buffer.from('sre:change-me').toString('base64')}`;
      for (let n = 1; n <= 300; n += 1) {
        const head = ['POST /elb/x HTTP/1.1', 'Host: x', authorization, 'Content-Length: 0'];
        connection.send(...head, '', '');
      }
      await until(() => connection.received.split('HTTP/1.1 400 ').length === 301);
      connection.destroy();
      child.kill('SIGTERM');
      assert.equal(await endOf(child), 0);
    });

  it('with SIGKILL when a log write is blocked', async () => {
    const { writer } = openFifo();
    const child = spawn(process.execPath, [program, 'log-is-blocked'], {
      stdio: ['ignore', 'pipe', 'inherit', writer],
    });
    await once(child.stdout!, 'data');
    child.kill('SIGTERM');
    assert.equal(await endOf(child), 'SIGKILL');
  });
});

describe('The embedded AWS', () => {
  afterEach(killStarted);

  it('serves requests and shuts down when the reader of its output has closed the pipe', async () => {
    const { reader, writer } = openFifo();
    closeSync(reader);
    const port = await unusedPort();
    const argv = [join(root, '.test-build/embedded-aws.js'), '--port', String(port)];
    const child = track(spawn(process.execPath, argv, { stdio: ['ignore', writer, writer] }));
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
  afterEach(killStarted);

  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    it(`${signal} ends the process with 0 while the service is loading`, async () => {
      const child = track(
        spawn(process.execPath, [program, signal], { stdio: ['ignore', 'inherit', 'inherit'] }),
      );
      assert.equal(await endOf(child), 0);
    });

  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    it(`${signal} ends the process with 0 while the service starts`, async () => {
      const silent = createServer();
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const child = track(
        spawnService({
          AWS_BACKEND: 'aws',
          API_TOKEN: token,
          AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`,
          LOG_LEVEL: 'info',
        }),
      );
      await once(silent, 'request');
      child.kill(signal);
      assert.equal(await endOf(child), 0);
      silent.closeAllConnections();
      silent.close();
    });
});

describe('npm start', () => {
  afterEach(killStarted);

  /** A package whose start script differs from that of package.json in that it starts the bundle. */
  function folderOfBundle(): string {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: { start: string };
    };
    const start = scripts.start.replace('--import tsx api/server.ts', join(root, '.test-build/server.js'));
    assert.match(start, /\.test-build/);
    const folder = emptyFolder();
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ scripts: { start } }));
    return folder;
  }

  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGHUP'] as const)
    it(`ends the server when npm gets ${signal}`, async () => {
      const { PATH = '', HOME = '' } = process.env;
      // The sources take far longer to load than the bundle: the other signals go to the same command with the bundle.
      const cwd = signal === 'SIGTERM' ? root : folderOfBundle();
      const env = { PATH, HOME, HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'info' };
      // Without the prestart script, which would install packages in this checkout if package-lock.json is newer.
      const npm = track(
        spawn('npm', ['start', '--ignore-scripts'], { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] }),
      );
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
