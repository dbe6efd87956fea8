import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builder } from './hosts.ts';
import { run } from '../../../api/test/support/process.ts';
import {
  commandLines,
  type Ended,
  makeSmallRepository,
  makeStandIn,
  runOn,
  type StandIn,
} from './stand-ins.ts';

const password = 'secret-of-the-repository';

/** The emulated `docker build` fails, so that a run exits with 10 after git has fetched. */
describe('builder.sh and git', function () {
  this.timeout(60_000);
  let machine: StandIn;
  let folder: string;
  let repository: string;
  let tip: string;
  /** A commit that is not on any branch or tag. */
  let unadvertised: string;
  /**
   * Serves the files of the repository with the "dumb" protocol of git, which supports neither shallow fetches nor
   * single commits.
   */
  let server: Server;
  /** The command lines of all processes during the requests to the server. */
  const seen = new Set<string>();
  const origin = (login = ''): string =>
    `http://${login}127.0.0.1:${(server.address() as AddressInfo).port}/repository/.git`;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'elb-inventory-git-'));
    machine = makeStandIn(join(folder, 'machine'));
    repository = join(folder, 'repository');
    const git = (...args: string[]): Promise<string> =>
      run('git', ['-C', repository, '-c', 'user.name=test', '-c', 'user.email=test@localhost', ...args]);
    await makeSmallRepository(repository);
    await git('commit', '-q', '--no-verify', '--allow-empty', '-m', 'between');
    unadvertised = await git('rev-parse', 'HEAD');
    await git('commit', '-q', '--no-verify', '--allow-empty', '-m', 'tip');
    tip = await git('rev-parse', 'HEAD');
    await git('update-server-info');
    server = createServer(({ url = '', headers }, response) => {
      for (const line of commandLines()) seen.add(line);
      const login = Buffer.from((headers.authorization ?? '').replace('Basic ', ''), 'base64').toString();
      if (url.startsWith('/repository') && login !== `us@er:${password}`) {
        response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end();
        return;
      }
      const file = join(folder, new URL(url, 'http://x').pathname.replace(/^\/open/, '/repository'));
      try {
        response.end(readFileSync(file));
      } catch {
        response.writeHead(404).end();
      }
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => {
    server.close();
    machine.remove();
    rmSync(folder, { recursive: true });
  });

  const fetched = ({ code, output }: Ended, commit: string): void => {
    assert.equal(code, 10, output);
    assert.ok(output.includes(`: ${commit.slice(0, 12)}\n`), output);
  };

  it('keeps the credentials of $REPO_URL out of its output and of all process lists', async () => {
    seen.clear();
    const result = await runOn(machine, ['--ref', 'main'], { REPO_URL: origin(`us%40er:${password}@`) });
    fetched(result, tip);
    assert.ok(result.output.includes(`of ${origin()}: `), result.output);
    assert.doesNotMatch(result.output, new RegExp(password));
    assert.ok(
      [...seen].some((line) => line.includes(`remote-http ${origin()}`)),
      'git was seen in the process list',
    );
    assert.deepEqual(
      [...seen].filter((line) => line.includes(password)),
      [],
    );
  });

  it('uses the credentials of the URL, not those of a helper of the machine', async () => {
    const home = join(folder, 'home');
    mkdirSync(home);
    writeFileSync(
      join(home, '.gitconfig'),
      `[credential]\n\thelper = "!echo username=another; echo password=another; :"\n`,
    );
    const env = { REPO_URL: origin(`us%40er:${password}@`), HOME: home };
    fetched(await runOn(machine, ['--ref', 'main'], env), tip);
  });

  it('keeps the credentials of --repo out of its output when git cannot fetch', async () => {
    for (const args of [['--ref', 'main'], ['--dry-run']]) {
      const { code, output } = await runOn(machine, ['--repo', origin(`us%40er:${password}x@`), ...args]);
      assert.equal(code, args[0] === '--ref' ? 5 : 0, output);
      assert.doesNotMatch(output, new RegExp(password));
    }
  });

  it('exits with 5 when the URL of another protocol contains a password, without printing it', async () => {
    const { code, output } = await runOn(machine, [
      '--repo',
      `ssh://user:${password}@127.0.0.1/repository`,
      '--dry-run',
    ]);
    assert.equal(code, 5, output);
    assert.match(output, /contains a password, which only https uses; remove it/);
    assert.doesNotMatch(output, new RegExp(password));
  });

  for (const [title, ref] of [
    ['the main branch', () => ''],
    ['a branch', () => 'main'],
    ['a commit', () => unadvertised],
  ] as const)
    it(`fetches ${title} from a server of static files`, async () => {
      const args = ref() === '' ? [] : ['--ref', ref()];
      const result = await runOn(machine, ['--repo', origin().replace('/repository', '/open'), ...args]);
      fetched(result, ref() === unadvertised ? unadvertised : tip);
    });

  const v0 = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'protocol.version', GIT_CONFIG_VALUE_0: '0' };

  it('fetches a commit that a server with protocol v0 does not hand out by itself', async () => {
    fetched(
      await runOn(machine, ['--repo', `file://${repository}`, '--ref', unadvertised], v0),
      unadvertised,
    );
  });

  it('exits with 5 when no protocol has the commit', async () => {
    for (const env of [{}, v0]) {
      const ref = '1'.repeat(40);
      const { code, output } = await runOn(machine, ['--repo', `file://${repository}`, '--ref', ref], env);
      assert.equal(code, 5, output);
      assert.ok(output.includes(`has no branch, tag or full commit id '${ref}'`), output);
    }
  });

  it("shows git's sentence about a clone of another user", async function () {
    if (process.getuid?.() !== 0) this.skip();
    const clone = join(folder, 'clone');
    await run('git', ['clone', '-q', repository, clone]);
    await run('cp', [builder, clone]);
    await run('chown', ['-R', '12345', clone]);
    for (const args of [[], ['--host', 'nowhere']]) {
      const { code, output } = await runOn(machine, args, {}, join(clone, 'builder.sh'));
      assert.equal(code, 5, output);
      assert.match(
        output,
        /detected dubious ownership in repository at .*the repository is unknown; set --repo/s,
      );
    }
  });
});
