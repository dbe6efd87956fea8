import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { variant, type Block } from '../support/synthesized';
import { scratch } from './tools';

const script = join(__dirname, '../../scripts/state-bucket.sh');
const moto = process.env['MOTO_SERVER'] ?? join(__dirname, '../../../.test-build/moto/bin/moto_server');
/** The AWS CLI from Debian. */
const aws = '/usr/bin/aws';

/** Runs the AWS CLI and Terraform with moto. */
describe('state-bucket.sh', function () {
  this.timeout(300_000);
  let server: ChildProcess;
  let env: NodeJS.ProcessEnv;
  let endpoint: string;

  before(async function () {
    if (!existsSync(moto) || !existsSync(aws)) this.skip();
    const port = await freePort();
    endpoint = `http://127.0.0.1:${port}`;
    server = spawn(moto, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
    env = {
      PATH: process.env['PATH'],
      HOME: scratch(),
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      CHECKPOINT_DISABLE: '1',
    };
    while (!(await fetch(endpoint).catch(() => undefined))?.ok) await delay(100);
    // It does not read AWS_ENDPOINT_URL.
    const bin = scratch();
    writeFileSync(join(bin, 'aws'), `#!/bin/sh\nexec '${aws}' --endpoint-url '${endpoint}' "$@"\n`, {
      mode: 0o755,
    });
    env['PATH'] = `${bin}:${env['PATH'] ?? ''}`;
  });
  after(() => {
    (server as ChildProcess | undefined)?.kill();
  });

  const run = (...args: string[]) => execFileSync(script, args, { env, encoding: 'utf8', stdio: 'pipe' });
  const request = async (path: string, method = 'GET') =>
    (await fetch(`${endpoint}/${path}`, { method })).text();

  it('creates a private, versioned and encrypted bucket, and corrects it in a second run', async () => {
    assert.match(run('states', 'us-east-1'), /STATE_BUCKET=states/);
    await request('states?publicAccessBlock', 'DELETE');
    run('states', 'us-east-1');
    const blocked = await request('states?publicAccessBlock');
    assert.equal(blocked.match(/>true</g)?.length, 4, blocked);
    assert.match(await request('states?versioning'), /<Status>Enabled</);
    assert.match(await request('states?encryption'), /<SSEAlgorithm>AES256</);
    assert.match(await request('states?lifecycle'), /<NoncurrentDays>90</);
    assert.match(await request('states?policy'), /"Effect": "Deny".*"aws:SecureTransport": "false"/s);
  });

  it('fails without a region', () => {
    assert.throws(() => run('state'), /usage: state-bucket\.sh BUCKET REGION/);
  });

  it('creates a bucket in another region, in which Terraform keeps and locks the state with our backend', async function () {
    if (spawnSync('terraform', ['version']).status !== 0) this.skip();
    const { s3 } = variant('everything').json.terraform['backend'] as { s3: Block };
    const bucket = String(s3['bucket']);
    run(bucket, String(s3['region']));
    assert.match(await request(`${bucket}?location`), />eu-west-1</);
    // moto supports only HTTP, which the policy denies.
    await request(`${bucket}?policy`, 'DELETE');
    const test = {
      skip_credentials_validation: true,
      skip_requesting_account_id: true,
      use_path_style: true,
    };
    const stack = {
      terraform: { backend: { s3: { ...s3, ...test, endpoints: { s3: endpoint } } } },
      // The lock is an object next to the state.
      resource: {
        terraform_data: {
          one: {
            provisioner: [{ 'local-exec': { command: `curl -s '${endpoint}/${bucket}?list-type=2'` } }],
          },
        },
      },
    };
    const folder = scratch();
    writeFileSync(join(folder, 'main.tf.json'), JSON.stringify(stack));
    const terraform = (...args: string[]) =>
      execFileSync('terraform', args, { cwd: folder, env, encoding: 'utf8', stdio: 'pipe' });
    terraform('init', '-input=false', '-no-color');
    assert.match(terraform('apply', '-auto-approve', '-no-color'), /<Key>prod\/inventory\.tfstate\.tflock</);
    const keys = (await request(`${bucket}?list-type=2`)).match(/<Key>[^<]*/g);
    assert.deepEqual(keys, ['<Key>prod/inventory.tfstate']);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
