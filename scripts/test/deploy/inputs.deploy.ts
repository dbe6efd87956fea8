import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../../api/test/support/process.ts';
import { type Ended, makeStandIn, runOn, type StandIn } from './stand-ins.ts';

const isRoot = process.getuid?.() === 0;
const here = 'i-0b22a22eec53b9321';
/** The script exits with 13, because the engine has no image. */
const noImage = ['--built', '0'.repeat(40)];

describe('builder.sh with hostile or unusual input', function () {
  this.timeout(60_000);
  let machine: StandIn;
  before(() => {
    machine = makeStandIn(mkdtempSync(join(tmpdir(), 'elb-inventory-inputs-')));
  });
  after(() => {
    machine.remove();
  });

  for (const setting of [
    'PORT=8299; touch MARK #',
    'HOST=127.0.0.1/80; touch MARK; : ',
    'PORT=65536',
    'HOST=a b',
    'API_TOKEN_FILE=/run/docker.sock:/run/docker.sock',
    'API_TOKEN_FILE=volume',
  ])
    it(`refuses ${setting} in the env file, and does not run it`, async () => {
      const file = join(machine.folder, 'executed');
      const envFile = join(machine.folder, 'hostile.env');
      writeFileSync(envFile, `API_TOKEN=x\n${setting.replace('MARK', file)}\n`);
      const { code, output } = await runOn(machine, [...noImage, '--env-file', envFile]);
      assert.equal(code, 6, output);
      assert.match(output, /(PORT|HOST|API_TOKEN_FILE) in .*hostile\.env is not .*; correct it/);
      assert.ok(!existsSync(file), 'the value was executed');
    });

  const victim = (): string => join(machine.folder, 'victim');
  const planted: [what: string, plant: () => unknown][] = [
    [
      'a link to a file that does not exist',
      () => {
        symlinkSync(victim(), machine.lock);
      },
    ],
    [
      'a link to a folder',
      () => {
        mkdirSync(victim());
        symlinkSync(victim(), machine.lock);
      },
    ],
    ['a FIFO', () => run('mkfifo', [machine.lock])],
    ["another user's folder", () => run('install', ['-d', '-o', '12345', machine.lock])],
  ];
  for (const [what, plant] of planted)
    it(`neither follows nor waits for ${what} at the path of its lock`, async function () {
      if (!isRoot) this.skip();
      rmSync(machine.lock, { recursive: true, force: true });
      rmSync(victim(), { recursive: true, force: true });
      await plant();
      const { code, output } = await runOn(machine, noImage);
      assert.equal(code, 13, output);
      assert.ok(!existsSync(victim()) || lstatSync(victim()).isDirectory(), 'the link was followed');
      const found = lstatSync(machine.lock);
      assert.ok(found.isDirectory() && found.uid === 0, 'the lock is a folder of root');
      rmSync(machine.lock, { recursive: true });
    });

  const wrong = [
    "--ref=main'; id",
    '--ref=$(id)',
    '--ref=a b',
    '--repo=https://x/`id`',
    '--env-file=/a;b',
    '--api=http://x/"',
  ];
  for (const option of wrong)
    it(`refuses ${option} with exit code 2`, async () => {
      const at = option.indexOf('=');
      const { code, output } = await runOn(machine, [option.slice(0, at), option.slice(at + 1)]);
      assert.equal(code, 2, output);
      assert.match(output, /^builder\.sh: --[a-z-]+ has a character that is not one of A-Z/);
    });

  it('refuses an unclosed quote in --ssh', async () => {
    const { code, output } = await runOn(machine, ['--ssh', "ssh -i 'a b", '--host', 'h']);
    assert.equal(code, 2, output);
    assert.match(output, /--ssh has an unclosed quote; close it/);
  });

  /** Runs --elb --dry-run on this machine, with an API whose load balancer has these members. */
  const withMembers = async (members: readonly string[], args: string[] = []): Promise<Ended> => {
    const entries = members.map((instanceId) => ({ instanceId, state: 'InService', description: 'N/A' }));
    const server = createServer(({ url }, response) => {
      response
        .writeHead(200, { Connection: 'close' })
        .end(url === '/elb/fleet/health' ? JSON.stringify({ message: entries }) : here);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const elb = ['--elb', 'fleet', '--api', url, '--repo', '/nowhere', '--dry-run'];
    const ended = await runOn(machine, [...elb, ...args], { AWS_EC2_METADATA_SERVICE_ENDPOINT: url });
    server.close();
    return ended;
  };
  const thousand = Array.from({ length: 1000 }, (_, index) => `i-${index.toString(16).padStart(17, '0')}`);

  for (const [where, members] of [
    ['first', [here, ...thousand]],
    ['last', [...thousand, here]],
  ] as const)
    it(`takes out the ${where} of 1,001 members`, async () => {
      const { code, output } = await withMembers(members, ['--no-standby']);
      assert.equal(code, 0, output);
      assert.ok(output.includes(`would take ${here} out of fleet`), output);
      assert.doesNotMatch(output, /[Bb]roken pipe|write error/);
    });

  it('does not take out the last member', async () => {
    const { code, output } = await withMembers([here], ['--no-standby']);
    assert.equal(code, 11, output);
  });

  it('does not read a warning of the AWS CLI as the name of a group', async () => {
    machine.put('aws', "echo 'urllib3 InsecureRequestWarning: a warning' >&2");
    const { code, output } = await withMembers([here, thousand[0]!]);
    assert.equal(code, 0, output);
    assert.match(output, new RegExp(`would take ${here} out of fleet *$`, 'm'));
  });

  it('shows the error of the AWS CLI', async () => {
    machine.put('aws', "echo 'Unable to locate credentials' >&2; exit 253");
    const { code, output } = await withMembers([here, thousand[0]!]);
    assert.equal(code, 12, output);
    assert.match(output, /cannot check whether the instance i-.* exists: Unable to locate credentials/);
  });
});
