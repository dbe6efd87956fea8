import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { hasHosts, startEngine, stopEngine } from './engines.ts';
import { type Host, runBuilder, startBuilder, token } from './hosts.ts';
import { type Load, startLoad, type Tally } from './load.ts';
import { type Finished, until } from './process.ts';
import { measured, tell } from './report.ts';
import { lanes, scenario } from './scenarios.ts';
import type { World } from './world.ts';

/** One host is replaced over and over, by the hand of somebody who has SSH, while requests come in. */
describe('builder.sh, on a host under load,', function () {
  this.timeout(400_000);
  let load: Load;
  const onHost = (title: string, work: (world: World, host: Host) => Promise<void>): void => {
    scenario(lanes.hostA, hasHosts, title, (world) => work(world, world.hosts[0]!));
  };
  const redeploy = (world: World, ...args: string[]): Promise<Finished> =>
    runBuilder(world.folder, ['--host', 'host-a', ...args]);
  /** For what is not about how long a version is judged. */
  const briefly = ['--healthy-for', '1'];
  const serving = (host: Host): Promise<string> =>
    host.engine.inspect('elb-inventory', '{{index .Config.Labels "org.opencontainers.image.revision"}}');

  function assertNoneFailed({ tally }: { tally: Tally }): void {
    assert.ok(tally.sent > 100, `only ${tally.sent} requests were sent`);
    assert.equal(tally.failed, 0, JSON.stringify([...tally.causes]));
  }
  function assertEnded({ code, output }: Finished, wanted: number): void {
    assert.equal(code, wanted, output);
  }
  async function assertServesAlone(host: Host, commit: string): Promise<void> {
    assert.deepEqual(await host.engine.running(), ['elb-inventory']);
    assert.equal(await serving(host), commit);
  }

  onHost('builds the main branch there, and starts it where nothing was', async (world, host) => {
    const result = await redeploy(world, ...briefly);
    assertEnded(result, 0);
    tell('first deploy of a host', `${result.seconds.toFixed(1)} s`);
    await assertServesAlone(host, world.commits.main);
    assert.equal(
      await host.engine.inspect('elb-inventory', '{{.HostConfig.RestartPolicy.Name}}'),
      'unless-stopped',
    );
    load = startLoad(`${host.url}/elb/fleet`, { Authorization: `Basic ${token}` });
    await until(() => load.tally.sent > 1000, 'the load has begun');
  });

  onHost('replaces a version by another, losing no request', async (world, host) => {
    const result = await measured('good redeploy, judged for 3 s', load, () =>
      redeploy(world, '--ref', 'next', '--healthy-for', '3'),
    );
    assertEnded(result, 0);
    assertNoneFailed(result);
    await assertServesAlone(host, world.commits.next);
    const status = await fetch(`${host.url}/status`, {
      headers: { Authorization: `Basic ${token}`, Connection: 'close' },
    });
    const { message } = (await status.json()) as { message: { commit: string } };
    assert.equal(message.commit, world.commits.next);
    assert.match(result.output, /^host-a: +\d+ s {2}it was healthy for 3 s on end$/m);
    assert.doesNotMatch(result.output, new RegExp(`${token}|secret-word|deploy-secret-key`));
  });

  onHost(
    'removes a version that fails its health check, and shows the end of its log',
    async (world, host) => {
      const args = ['--ref', 'always-sick', '--timeout', '3', ...briefly];
      const result = await measured('bad version: fails its health check', load, () =>
        redeploy(world, ...args),
      );
      assertEnded(result, 1);
      assertNoneFailed(result);
      assert.match(
        result.output,
        /not healthy for 1 s on end within 3 s: it is removed, the old version keeps serving/,
      );
      assert.match(result.output, /\| \{.*"listening on the control socket"/);
      await assertServesAlone(host, world.commits.next);
    },
  );

  onHost('removes a version that crashes while it is judged', async (world, host) => {
    const result = await measured('bad version: crashes after 3 s', load, () =>
      redeploy(world, '--ref', 'crashing'),
    );
    assertEnded(result, 1);
    assertNoneFailed(result);
    assert.match(result.output, /\| gives up\n.*ended with exit code 3: it is removed/s);
    await assertServesAlone(host, world.commits.next);
  });

  onHost('leaves the old version alone where a new one cannot be built', async (world, host) => {
    const args = ['--ref', 'unbuildable', ...briefly];
    const result = await measured('version that cannot be built', load, () => redeploy(world, ...args));
    assertEnded(result, 10);
    assertNoneFailed(result);
    assert.match(result.output, /\| .*no-such-script.*could not be built; the old version keeps serving/s);
    await assertServesAlone(host, world.commits.next);
  });

  onHost(
    'leaves the old version alone where the env file has a fault, and names its lines',
    async (world, host) => {
      const before = readFileSync(host.envFile, 'utf8');
      const lines = before.trimEnd().split('\n').length;
      appendFileSync(host.envFile, 'AWS_REGION="us-east-1"\nLOG_LEVEL info\n');
      const args = ['--ref', 'next', ...briefly];
      const result = await measured('env file with a fault', load, () => redeploy(world, ...args));
      writeFileSync(host.envFile, before);
      assertEnded(result, 6);
      assertNoneFailed(result);
      assert.match(result.output, new RegExp(`line ${lines + 1}, AWS_REGION, has quotes around its value`));
      assert.match(result.output, new RegExp(`line ${lines + 2} is not an assignment`));
      assert.match(result.output, /cannot start with .*host-a\.env, see above: mend it; nothing was changed/);
      await assertServesAlone(host, world.commits.next);
    },
  );

  onHost('goes back to the version before', async (world, host) => {
    const result = await measured('rollback', load, () => redeploy(world, '--rollback', ...briefly));
    assertEnded(result, 0);
    assertNoneFailed(result);
    await assertServesAlone(host, world.commits.main);
  });

  onHost('lets the first of two runs go on, and refuses the second', async (world, host) => {
    const results = await measured('two runs at once', load, async () => {
      const first = startBuilder(world.folder, ['--host', 'host-a', '--ref', 'next', ...briefly]);
      await until(() => first.output().includes('started'), 'the first is under way');
      const second = await redeploy(world, '--ref', 'next', ...briefly);
      return { first: await first.finished, second };
    });
    assertEnded(results.first, 0);
    assertEnded(results.second, 9);
    assert.match(results.second.output, /another run is under way on this host/);
    assertNoneFailed(results);
    await assertServesAlone(host, world.commits.next);
  });

  onHost('completes when it is run again after SSH was cut in the middle', async (world, host) => {
    const results = await measured('SSH cut in the middle, then run again', load, async () => {
      const cut = startBuilder(world.folder, ['--host', 'host-a', '--ref', 'another', ...briefly]);
      await until(() => cut.output().includes('it is healthy'), 'it is being judged');
      killSsh(cut.child.pid!);
      const broken = await cut.finished;
      let again = await redeploy(world, '--ref', 'another', ...briefly);
      // The host's side notices the cut with the next line that it writes, and holds the lock until then.
      await until(async () => {
        if (again.code === 9) again = await redeploy(world, '--ref', 'another', ...briefly);
        return again.code !== 9;
      }, 'the lock is free');
      return { broken, again };
    });
    assertEnded(results.broken, 4);
    assert.match(results.broken.output, /the connection to host-a was cut: run this again/);
    assertEnded(results.again, 0);
    assertNoneFailed(results);
    await assertServesAlone(host, world.commits.another);
  });

  onHost('keeps the images of the last three versions', async ({ commits }, host) => {
    const images = await host.engine.docker('images', '--format', '{{.Tag}}', 'elb-inventory');
    const kept = [commits.another, commits.next, commits.main, 'current', 'previous', 'older'];
    assert.deepEqual(images.split('\n').sort(), kept.sort());
  });

  onHost(
    'leaves a service that is there again, by itself, when the engine was restarted',
    async (world, host) => {
      const result = await measured('engine restarted (not without loss)', load, async () => {
        await stopEngine('host-a', host.engine);
        await until(
          () =>
            fetch(`${host.url}/healthcheck`).then(
              () => false,
              () => true,
            ),
          'it is gone',
        );
        await startEngine('host-a');
        await until(
          () =>
            fetch(`${host.url}/healthcheck`).then(
              ({ ok }) => ok,
              () => false,
            ),
          'it is there again',
        );
        return {};
      });
      assert.ok(result.tally.sent > 0);
      await assertServesAlone(host, world.commits.another);
      assertEnded(await redeploy(world, '--ref', 'another', ...briefly), 0);
      await load.stop();
    },
  );
});

/** Ends the SSH client that the script has started, as a closed laptop does. */
function killSsh(pid: number): void {
  const children = (of: number): number[] => {
    try {
      const found = execFileSync('pgrep', ['-P', String(of)])
        .toString()
        .trim()
        .split('\n')
        .map(Number);
      return found.flatMap((child) => [child, ...children(child)]);
    } catch {
      return [];
    }
  };
  const clients = children(pid).filter(
    (child) =>
      execFileSync('ps', ['-o', 'comm=', '-p', String(child)])
        .toString()
        .trim() === 'ssh',
  );
  assert.ok(clients.length > 0, 'there is an SSH client to end');
  for (const client of clients) process.kill(client, 'SIGKILL');
}
