import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { emptyFolder, spawnService } from '../../support/service.ts';
import { unusedPort } from '../../support/unused-port.ts';
import { until } from '../raw-connection.ts';

const sample = `Basic ${Buffer.from('sre:change-me').toString('base64')}`;
/** Versions of Node before 23.1 have no `reusePort`. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const canReusePort = major > 23 || (major === 23 && minor >= 1);

describe('With a control socket, the service', () => {
  let socket: string;
  let port: number;
  const running: ChildProcess[] = [];
  beforeEach(async () => {
    socket = join(emptyFolder(), 'control.sock');
    port = await unusedPort();
  });
  afterEach(async () => {
    for (const child of running.splice(0)) await end(child, 'SIGKILL');
  });

  function start(env: Record<string, string> = {}) {
    const child = spawnService({ CONTROL_SOCKET: socket, PORT: String(port), LOG_LEVEL: 'info', ...env });
    running.push(child);
    const written = { stdout: '', stderr: '' };
    child.stdout!.on('data', (chunk: Buffer) => (written.stdout += chunk.toString()));
    child.stderr!.on('data', (chunk: Buffer) => (written.stderr += chunk.toString()));
    return { child, written };
  }
  async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
    const exited = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
    child.kill(signal);
    await exited;
    return child.exitCode;
  }
  async function startJudged(env?: Record<string, string>) {
    const started = start(env);
    await until(() =>
      onSocket('GET', '/healthcheck').then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
    return started;
  }
  const onSocket = (method: string, path: string, headers = {}) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const outgoing = request({ socketPath: socket, method, path, headers }, (incoming) => {
        let body = '';
        incoming.on('data', (chunk: Buffer) => (body += chunk.toString()));
        incoming.on('end', () => {
          resolve({ status: incoming.statusCode!, body });
        });
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
  const onPort = (method = 'GET', path = '/healthcheck') =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { Connection: 'close', Authorization: sample },
    }).then(
      ({ status }) => status,
      (error: unknown) => ((error as Error).cause as NodeJS.ErrnoException).code,
    );

  it('answers there alone until it is told to open the port, and then on both', async () => {
    await startJudged();
    assert.equal((await onSocket('GET', '/elb/default-elb')).status, 401);
    assert.equal((await onSocket('GET', '/elb/default-elb', { Authorization: sample })).status, 200);
    assert.equal(await onPort(), 'ECONNREFUSED');
    const opened = { status: 200, body: '{"message":"the port is open"}' };
    assert.deepEqual(await onSocket('POST', '/open-port'), opened);
    assert.equal(await onPort(), 200);
    assert.deepEqual(await onSocket('POST', '/open-port'), opened, 'told again');
    assert.equal((await onSocket('GET', '/healthcheck')).status, 200);
  });

  it('takes no such order from the port', async () => {
    await startJudged();
    await onSocket('POST', '/open-port');
    assert.equal(await onPort('POST', '/open-port'), 404);
  });

  it('says why the port cannot be opened, and opens it once it can', async () => {
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    const { written } = await startJudged();
    const { status, body } = await onSocket('POST', '/open-port');
    assert.equal(status, 409);
    assert.match(body, new RegExp(`^{"message":".*Port ${port} is already in use: stop the other program`));
    assert.equal(existsSync(`${socket}.opened`), false);
    assert.equal(written.stderr, '');
    other.close();
    await once(other, 'close');
    assert.equal((await onSocket('POST', '/open-port')).status, 200);
    assert.equal(await onPort(), 200);
  });

  it('opens the port by itself when it is started again, and the socket was left behind', async () => {
    const { child } = await startJudged();
    await onSocket('POST', '/open-port');
    await end(child, 'SIGKILL');
    assert.ok(existsSync(socket));
    start();
    await until(async () => (await onPort()) === 200);
  });

  it('stays shut when it is started again without having been told', async () => {
    const { child } = await startJudged();
    await end(child, 'SIGKILL');
    await startJudged();
    assert.equal(await onPort(), 'ECONNREFUSED');
  });

  it('ends with 0 on SIGTERM, told or not, and takes the socket with it', async () => {
    const { child } = await startJudged();
    assert.equal(await end(child, 'SIGTERM'), 0);
    assert.equal(existsSync(socket), false);
    const second = await startJudged();
    await onSocket('POST', '/open-port');
    assert.equal(await end(second.child, 'SIGTERM'), 0);
  });

  it('does not start where it cannot have the socket, and leaves the file that is there alone', async () => {
    writeFileSync(socket, 'a file of somebody else');
    for (const path of [socket, '/no/such/folder/control.sock']) {
      const { child, written } = start({ CONTROL_SOCKET: path });
      await once(child, 'close');
      assert.equal(child.exitCode, 78);
      assert.match(
        written.stderr,
        /cannot start\. CONTROL_SOCKET=\S+ cannot be created \((EADDRINUSE|ENOENT|EACCES)\): name/,
      );
    }
    assert.ok(existsSync(socket));
  });

  for (const umask of [0o000, 0o022, 0o777])
    it(`makes socket and mark for this user alone under umask ${umask.toString(8)}`, async () => {
      const before = process.umask(umask);
      start();
      process.umask(before);
      await until(
        () =>
          existsSync(socket) &&
          onSocket('GET', '/healthcheck').then(
            () => true,
            () => false,
          ),
      );
      await onSocket('POST', '/open-port');
      assert.equal(statSync(socket).mode & 0o777, 0o600);
      assert.equal(lstatSync(`${socket}.opened`).mode & 0o777, 0o600);
    });

  const planted: [what: string, plant: (mark: string, target: string) => void][] = [
    [
      'a symbolic link to a file',
      (mark, target) => {
        symlinkSync(target, mark);
      },
    ],
    [
      'a symbolic link to nothing',
      (mark, target) => {
        symlinkSync(`${target}.none`, mark);
      },
    ],
    [
      'a hard link',
      (mark, target) => {
        linkSync(target, mark);
      },
    ],
    [
      'a file that others may write to',
      (mark) => {
        writeFileSync(mark, '');
        chmodSync(mark, 0o666);
      },
    ],
    [
      'a folder',
      (mark) => {
        mkdirSync(mark);
      },
    ],
  ];
  if (process.getuid?.() === 0)
    planted.push([
      'a file of another user',
      (mark) => {
        writeFileSync(mark, '');
        chownSync(mark, 12345, 12345);
      },
    ]);
  for (const [what, plant] of planted)
    it(`does not take ${what} for the mark of an open port, and leaves its target alone`, async () => {
      const target = join(emptyFolder(), 'target');
      writeFileSync(target, 'precious');
      plant(`${socket}.opened`, target);
      const { written } = await startJudged();
      assert.match(written.stdout, /the marker of the open port is not a private file of this user/);
      assert.equal(await onPort(), 'ECONNREFUSED');
      assert.equal((await onSocket('POST', '/open-port')).status, 200);
      assert.equal(await onPort(), 200);
      assert.equal(readFileSync(target, 'utf8'), 'precious');
      assert.equal(existsSync(`${target}.none`), false);
    });

  (canReusePort ? it : it.skip)(
    'shares the port with the version before by REUSE_PORT, which Node has since 23.1',
    async () => {
      const first = await startJudged({ REUSE_PORT: 'on' });
      await onSocket('POST', '/open-port');
      const firstSocket = socket;
      socket = `${firstSocket}.next`;
      await startJudged({ REUSE_PORT: 'on', CONTROL_SOCKET: socket });
      assert.equal((await onSocket('POST', '/open-port')).status, 200);
      assert.equal(await end(first.child, 'SIGTERM'), 0);
      assert.equal(await onPort(), 200);
    },
  );
});
