import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { startEmbeddedAws } from '../../../embedded-aws/server.ts';
import { ConfigError } from '../../../errors.ts';
import { type InProcess, startInProcess } from '../../support/in-process.ts';
import { emptyFolder, spawnService } from '../../support/service.ts';
import { unusedPort } from '../../support/unused-port.ts';
import { type Running, until } from '../../support/process.ts';

const sample = `Basic ${Buffer.from('sre:change-me').toString('base64')}`;
/** Node.js versions before 23.1 do not support `reusePort`. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const canReusePort = major > 23 || (major === 23 && minor >= 1);
const opened = { status: 200, body: '{"message":"the port is open"}' };

describe('CONTROL_SOCKET', () => {
  let socket: string;
  let marker: string;
  let port: number;
  const running: InProcess[] = [];
  const processes: Running[] = [];
  beforeEach(async () => {
    socket = join(emptyFolder(), 'control.sock');
    marker = `${socket}.opened`;
    port = await unusedPort();
  });
  afterEach(async () => {
    for (const service of running.splice(0)) await service.close();
    for (const one of processes.splice(0)) await one.stop('SIGKILL');
  });

  const settings = () => ({ HOST: '127.0.0.1', PORT: String(port), CONTROL_SOCKET: socket });

  /** Starts the service in this process. Returns the service and its log messages. */
  async function start(env: Record<string, string> = {}) {
    const log: string[] = [];
    const service = await startInProcess({ ...settings(), ...env }, (line) => {
      log.push((JSON.parse(line) as { msg: string }).msg);
    });
    running.push(service);
    return { service, log };
  }
  function startProcess(): Running {
    const started = spawnService(settings());
    processes.push(started);
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
  const socketAnswers = () =>
    onSocket('GET', '/healthcheck').then(
      ({ status }) => status === 200,
      () => false,
    );
  const onPort = (method = 'GET', path = '/healthcheck') =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { Connection: 'close', Authorization: sample },
    }).then(
      ({ status }) => status,
      (error: unknown) => ((error as Error).cause as NodeJS.ErrnoException).code,
    );

  /** Opens the port and checks that only this user can access the socket and the open-port marker file. */
  async function openPrivately(): Promise<void> {
    await onSocket('POST', '/open-port');
    assert.equal(statSync(socket).mode & 0o777, 0o600);
    assert.equal(lstatSync(marker).mode & 0o777, 0o600);
  }
  async function withUmask<T>(umask: number, work: () => Promise<T>): Promise<T> {
    const before = process.umask(umask);
    try {
      return await work();
    } finally {
      process.umask(before);
    }
  }

  it('serves requests alone until POST /open-port, and then together with the port', async () => {
    const { log } = await start();
    assert.deepEqual(log, ['listening on the control socket']);
    assert.equal((await onSocket('GET', '/elb/default-elb')).status, 401);
    assert.equal((await onSocket('GET', '/elb/default-elb', { Authorization: sample })).status, 200);
    assert.equal(await onPort(), 'ECONNREFUSED');
    assert.deepEqual(await onSocket('POST', '/open-port'), opened);
    assert.equal(await onPort(), 200);
    assert.deepEqual(await onSocket('POST', '/open-port'), opened, 'repeated');
    assert.equal((await onSocket('GET', '/healthcheck')).status, 200);
    assert.equal(log.filter((msg) => msg === 'listening').length, 1);
  });

  it('does not add POST /open-port to the port', async () => {
    await start();
    await onSocket('POST', '/open-port');
    assert.equal(await onPort('POST', '/open-port'), 404);
  });

  describe('GET /readiness', () => {
    it('is not on the port, and requires credentials', async () => {
      await start();
      assert.equal((await onSocket('GET', '/readiness')).status, 401);
      await onSocket('POST', '/open-port');
      assert.equal(await onPort('GET', '/readiness'), 404);
    });

    it('calls AWS each time, once for each kind of read', async () => {
      const aws = await startEmbeddedAws();
      const keys = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
      const API_TOKEN = Buffer.from('tester:a-long-enough-secret').toString('base64');
      await start({ AWS_BACKEND: 'aws', AWS_ENDPOINT_URL: aws.url, ...keys, API_TOKEN });
      const ask = () => onSocket('GET', '/readiness', { Authorization: `Basic ${API_TOKEN}` });
      const ready = '{"ready":true,"dependencies":[{"name":"aws","reachable":true}]}';
      for (const calls of [1, 2]) {
        assert.deepEqual(await ask(), { status: 200, body: ready });
        const counts = Object.entries(aws.calls().actions).map(([action, count]) => [action, count.calls]);
        assert.deepEqual(counts.sort(), [
          ['DescribeInstanceHealth', calls],
          ['DescribeInstances', calls],
          ['DescribeLoadBalancerAttributes', calls],
          ['DescribeLoadBalancers', calls],
        ]);
      }
      aws.faults.set([{ refuse: true, actions: ['DescribeInstances'] }]);
      const { status, body } = await ask();
      assert.equal(status, 503);
      assert.match(
        body,
        /^{"ready":false,"dependencies":\[{"name":"aws","reachable":false,"message":"AWS refused .*DescribeInstances/,
      );
      await aws.close();
      assert.equal((await ask()).status, 503);
    });
  });

  it('counts authenticated requests on the port, but not those on the socket', async () => {
    await start();
    await onSocket('POST', '/open-port');
    await onSocket('GET', '/elb/default-elb', { Authorization: sample });
    for (const path of ['/elb/default-elb', '/elb/default-elb', '/elb/none', '/healthcheck'])
      await onPort('GET', path);
    await fetch(`http://127.0.0.1:${port}/elb`, { headers: { Connection: 'close' } });
    const { body } = await onSocket('GET', '/status', { Authorization: sample });
    const { requests } = (JSON.parse(body) as { message: { requests: object } }).message;
    assert.deepEqual(requests, { inFlight: 1, answered: 3, internalErrors: 0, waiting: 0 });
  });

  it('returns 409 with the reason if the port cannot be opened, and opens it once it is free', async () => {
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    const { log } = await start();
    const { status, body } = await onSocket('POST', '/open-port');
    assert.equal(status, 409);
    assert.match(body, new RegExp(`^{"message":".*Port ${port} is already in use: stop the other program`));
    assert.equal(existsSync(marker), false);
    assert.ok(!log.includes('listening'));
    other.close();
    await once(other, 'close');
    assert.equal((await onSocket('POST', '/open-port')).status, 200);
    assert.equal(await onPort(), 200);
  });

  it('starts under umask 777, opens the port after a crash if it was open, and exits with 0 on SIGTERM', async () => {
    const child = await withUmask(0o777, () => Promise.resolve(startProcess()));
    await until(socketAnswers);
    await openPrivately();
    await child.stop('SIGKILL');
    assert.ok(existsSync(socket));
    const second = startProcess();
    await until(async () => (await onPort()) === 200);
    assert.equal((await second.stop()).code, 0);
    assert.equal(existsSync(socket), false);
  });

  it('keeps the port closed after a crash if the port was closed', async () => {
    const { service } = await start();
    // A crash leaves the socket behind; close() removes it.
    linkSync(socket, `${socket}.left`);
    await service.close();
    renameSync(`${socket}.left`, socket);
    await start();
    assert.ok(await socketAnswers());
    assert.equal(await onPort(), 'ECONNREFUSED');
  });

  it('is removed on SIGTERM while the port is closed, and the process exits with 0', async () => {
    const child = startProcess();
    await until(socketAnswers);
    assert.equal((await child.stop()).code, 0);
    assert.equal(existsSync(socket), false);
  });

  it('prevents the start if it cannot be created, and does not change an existing file', async () => {
    writeFileSync(socket, 'a file of another program');
    for (const path of [socket, '/no/such/folder/control.sock'])
      await assert.rejects(start({ CONTROL_SOCKET: path }), (error: Error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(
          error.message,
          /^CONTROL_SOCKET=\S+ cannot be created \((EADDRINUSE|ENOENT|EACCES)\): set it/,
        );
        return true;
      });
    assert.equal(readFileSync(socket, 'utf8'), 'a file of another program');
  });

  for (const umask of [0o000, 0o022])
    it(`is accessible, with its marker, to this user only under umask ${umask.toString(8)}`, () =>
      withUmask(umask, async () => {
        await start();
        await openPrivately();
      }));

  const planted: [what: string, plant: (marker: string, target: string) => void][] = [
    [
      'a symbolic link to a file',
      (marker, target) => {
        symlinkSync(target, marker);
      },
    ],
    [
      'a symbolic link to nothing',
      (marker, target) => {
        symlinkSync(`${target}.none`, marker);
      },
    ],
    [
      'a hard link',
      (marker, target) => {
        linkSync(target, marker);
      },
    ],
    [
      'a file that others may write to',
      (marker) => {
        writeFileSync(marker, '');
        chmodSync(marker, 0o666);
      },
    ],
    [
      'a folder',
      (marker) => {
        mkdirSync(marker);
      },
    ],
  ];
  if (process.getuid?.() === 0)
    planted.push([
      'a file of another user',
      (marker) => {
        writeFileSync(marker, '');
        chownSync(marker, 12345, 12345);
      },
    ]);
  for (const [what, plant] of planted)
    it(`does not accept ${what} as the open-port marker file, and does not change its target`, async () => {
      const target = join(emptyFolder(), 'target');
      writeFileSync(target, 'precious');
      plant(marker, target);
      const { log } = await start();
      assert.match(log.join(), /the open-port marker file is not a file that only this user can access/);
      assert.equal(await onPort(), 'ECONNREFUSED');
      assert.equal((await onSocket('POST', '/open-port')).status, 200);
      assert.equal(await onPort(), 200);
      assert.equal(readFileSync(target, 'utf8'), 'precious');
      assert.equal(existsSync(`${target}.none`), false);
    });

  (canReusePort ? it : it.skip)(
    'lets two services listen on the port with REUSE_PORT=on (Node.js 23.1 and later)',
    async () => {
      const first = await start({ REUSE_PORT: 'on' });
      await onSocket('POST', '/open-port');
      socket = `${socket}.next`;
      await start({ REUSE_PORT: 'on' });
      assert.equal((await onSocket('POST', '/open-port')).status, 200);
      await first.service.close();
      assert.equal(await onPort(), 200);
    },
  );
});
