import assert from 'node:assert/strict';
import { execFileSync, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RawConnection } from './http/raw-connection.ts';
import { samplesOf } from './support/metrics.ts';
import { responds, type Running, start, until } from './support/process.ts';
import { emptyFolder, spawnService, token } from './support/service.ts';
import { unusedPort } from './support/unused-port.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const program = join(root, '.test-build/lifetime.js');

/** Opens a FIFO whose reader never reads. */
function openFifo() {
  const path = join(emptyFolder(), 'fifo');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { path, reader, writer: openSync(path, 'w') };
}

const started: Running[] = [];
function track(running: Running): Running {
  started.push(running);
  return running;
}
/** Kills the processes that a failed test has left running. */
function killStarted(): void {
  for (const { child } of started.splice(0)) child.kill('SIGKILL');
}

describe('The service serves requests and shuts down', () => {
  afterEach(killStarted);

  /** `open` returns the standard output and standard error, and a function to call when the service listens. */
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
      const service = track(spawnService(settings, undefined, stdio));
      await service.until(() => responds(`http://127.0.0.1:${port}/healthcheck`), 'the service responds');
      then?.();
      // Log more lines than a pipe can hold; rejected changes are always logged.
      const connection = new RawConnection(`http://127.0.0.1:${port}`);
      const authorization = `Authorization: Basic ${Buffer.from('sre:change-me').toString('base64')}`;
      for (let n = 1; n <= 300; n += 1) {
        const head = ['POST /elb/x HTTP/1.1', 'Host: x', authorization, 'Content-Length: 0'];
        connection.send(...head, '', '');
      }
      await until(() => connection.received.split('HTTP/1.1 400 ').length === 301);
      connection.destroy();
      assert.equal((await service.stop()).code, 0);
    });

  for (const [what, open] of [logs.at(-2)!, logs.at(-1)!])
    it(`and counts the dropped log lines, ${what}`, async () => {
      const port = await unusedPort();
      const settings = { PORT: String(port), LOG_LEVEL: 'info' };
      const service = track(spawnService(settings, undefined, open().stdio));
      const url = `http://127.0.0.1:${port}`;
      await service.until(() => responds(`${url}/healthcheck`), 'the service responds');
      const connection = new RawConnection(url);
      const authorization = `Authorization: Basic ${Buffer.from('sre:change-me').toString('base64')}`;
      const head = [
        `GET /elb/${'x'.repeat(200)} HTTP/1.1`,
        'Host: x',
        authorization,
        `X-Request-Id: ${'y'.repeat(128)}`,
      ];
      // More lines than the buffer and a pipe hold together.
      for (let batch = 1; batch <= 4; batch += 1) {
        for (let n = 0; n < 500; n += 1) connection.send(...head, '', '');
        await until(() => connection.received.split('HTTP/1.1 404 ').length === 500 * batch + 1);
      }
      connection.destroy();
      const headers = { Authorization: authorization.slice('Authorization: '.length), Connection: 'close' };
      const metrics = samplesOf(await (await fetch(`${url}/metrics`, { headers })).text());
      assert.ok(metrics.get('elb_inventory_log_lines_dropped_total') > 100);
      assert.equal((await service.stop()).code, 0);
    });

  it('with SIGKILL when a log write is blocked', async () => {
    const { writer } = openFifo();
    const { printed, stop } = start(
      process.execPath,
      [program, 'log-is-blocked'],
      {},
      {
        stdio: ['ignore', 'pipe', 'inherit', writer],
      },
    );
    await printed(/ready/);
    assert.equal((await stop()).signal, 'SIGKILL');
  });
});

describe('The service, when many clients connect at once,', () => {
  afterEach(killStarted);

  const somaxconn = Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'));
  (somaxconn < 1000 ? it.skip : it)('has a listen backlog of 1,000 connections', async () => {
    const port = await unusedPort();
    const service = track(spawnService({ PORT: String(port), LOG_LEVEL: 'info' }));
    await service.printed(/"listening"/);
    // A stopped process accepts no connection, so the kernel queues all of them.
    service.child.kill('SIGSTOP');
    let connected = 0;
    const sockets = Array.from({ length: 1000 }, () =>
      connect(port, '127.0.0.1', () => (connected += 1)).on('error', () => undefined),
    );
    await until(() => connected === 1000);
    for (const socket of sockets) socket.destroy();
    service.child.kill('SIGCONT');
    assert.equal((await service.stop()).code, 0);
  });

  it('serves accepted connections without free file descriptors, and all clients once some are free', async () => {
    const port = await unusedPort();
    const limited = 'ulimit -n 80; exec "$0" "$@"';
    const env = {
      HOST: '127.0.0.1',
      PORT: String(port),
      LOG_LEVEL: 'info',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    const argv = ['-c', limited, process.execPath, join(root, '.test-build/server.js')];
    const service = track(start('sh', argv, env, { isolated: true, cwd: emptyFolder() }));
    await service.printed(/"listening"/);
    const url = `http://127.0.0.1:${port}`;
    const kept = new RawConnection(url);
    const authorization = `Authorization: Basic ${Buffer.from('sre:change-me').toString('base64')}`;
    const request = async (path: string) => {
      kept.received = '';
      kept.send(`GET ${path} HTTP/1.1`, 'Host: x', authorization, '', '');
      await kept.receive(/\r\n\r\n./);
      return Number(/^HTTP\/1.1 (\d+)/.exec(kept.received)?.[1]);
    };
    assert.equal(await request('/elb/default-elb'), 200);
    let refused = 0;
    const crowd = Array.from({ length: 200 }, () =>
      connect(port, '127.0.0.1')
        .on('error', () => undefined)
        .on('close', () => (refused += 1)),
    );
    await until(() => refused > 100);
    for (const path of ['/healthcheck', '/status', '/metrics']) assert.equal(await request(path), 200, path);
    for (const socket of crowd) socket.destroy();
    await until(() => refused === 200 && responds(`${url}/healthcheck`));
    assert.equal(await request('/elb/default-elb'), 200);
    const { code, stdout } = await service.stop();
    assert.equal(code, 0);
    assert.match(stdout, /"route":"\/status".*"status":200/);
    kept.destroy();
  });
});

describe('The embedded AWS', () => {
  afterEach(killStarted);

  it('serves requests and shuts down when the reader of its output has closed the pipe', async () => {
    const { reader, writer } = openFifo();
    closeSync(reader);
    const port = await unusedPort();
    const argv = [join(root, '.test-build/embedded-aws.js'), '--port', String(port)];
    const aws = track(start(process.execPath, argv, {}, { stdio: ['ignore', writer, writer] }));
    await aws.until(() => responds(`http://127.0.0.1:${port}/_control/calls`), 'the embedded AWS responds');
    assert.equal((await aws.stop()).code, 0);
  });
});

describe('A signal', () => {
  afterEach(killStarted);

  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    it(`${signal} ends the process with 0 while the service is loading`, async () => {
      const { code, output } = await track(start(process.execPath, [program, signal])).finished;
      assert.equal(code, 0, output);
    });

  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    it(`${signal} ends the process with 0 while the service starts`, async () => {
      const silent = createServer();
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const service = track(
        spawnService({
          AWS_BACKEND: 'aws',
          API_TOKEN: token,
          AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`,
          LOG_LEVEL: 'info',
        }),
      );
      await once(silent, 'request');
      assert.equal((await service.stop(signal)).code, 0);
      silent.closeAllConnections();
      silent.close();
    });
});

describe('npm start', () => {
  afterEach(killStarted);

  /** Creates a package whose start script starts the bundle, but is otherwise the same as in package.json. */
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
      const { HOME = '' } = process.env;
      // Loading the sources takes much longer than loading the bundle, so the other signals are tested with the bundle.
      const cwd = signal === 'SIGTERM' ? root : folderOfBundle();
      const env = { HOME, HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'info' };
      // Skip the prestart script, which would install packages in this checkout if package-lock.json is newer.
      const npm = track(start('npm', ['start', '--ignore-scripts'], env, { isolated: true, cwd }));
      await npm.printed(/"listening"/);
      // The pipes close when the last process that holds them ends.
      const { output } = await npm.stop(signal);
      assert.match(output, /"closing".*"closed"/s);
    });
});
