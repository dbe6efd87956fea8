import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { hasHosts, startEngine, stopEngine } from './engines.ts';
import { type Host, startBuilder, token, withLines } from './hosts.ts';
import { type Load, startLoad, type Tally } from './load.ts';
import { type Finished, responds, type Running, until } from '../../../api/test/support/process.ts';
import { measured, addFigure } from './report.ts';
import { lanes, scenario } from './scenarios.ts';
import type { World } from './world.ts';

/** An operator redeploys one host over SSH several times, under load. */
describe('builder.sh on a host under load', function () {
  this.timeout(400_000);
  let load: Load;
  const onHost = (title: string, work: (world: World, host: Host) => Promise<void>): void => {
    scenario(lanes.hostA, hasHosts, title, (world) => work(world, world.hosts[0]!));
  };
  /**
   * The load is slow until the switch, because a build under the full load would spend most of its time waiting for the
   * CPU.
   */
  const startRedeploy = (world: World, ...args: string[]): Running => {
    const builder = startBuilder(world.folder, ['--host', 'host-a', ...args]);
    (load as Load | undefined)?.slowUntil(builder.printed(/it was healthy for/));
    return builder;
  };
  const redeploy = (world: World, ...args: string[]): Promise<Finished> =>
    startRedeploy(world, ...args).finished;
  /** Options for tests that do not check the health time. */
  const briefly = ['--healthy-for', '1', '--watch', '1'];
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

  onHost('builds the main branch and starts it on an empty host', async (world, host) => {
    const result = await redeploy(world, ...briefly);
    assertEnded(result, 0);
    addFigure('first deploy of a host', `${result.seconds.toFixed(1)} s`);
    await assertServesAlone(host, world.commits.main);
    assert.equal(
      await host.engine.inspect('elb-inventory', '{{.HostConfig.RestartPolicy.Name}}'),
      'unless-stopped',
    );
    const limits = '{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.HostConfig.Ulimits}}';
    assert.equal(await host.engine.inspect('elb-inventory', limits), `${512 << 20} 256 [core=0:0]`);
    load = startLoad(`${host.url}/elb/fleet`, { Authorization: `Basic ${token}` });
    await until(() => load.tally.sent > 1000, 'the load has started');
  });

  onHost('replaces a version without a failed request', async (world, host) => {
    const result = await measured('good redeploy, healthy for 3 s', load, () =>
      redeploy(world, '--ref', 'next', '--healthy-for', '3', '--watch', '3'),
    );
    assertEnded(result, 0);
    assertNoneFailed(result);
    await assertServesAlone(host, world.commits.next);
    const status = await fetch(`${host.url}/status`, {
      headers: { Authorization: `Basic ${token}`, Connection: 'close' },
    });
    const { message } = (await status.json()) as { message: { commit: string } };
    assert.equal(message.commit, world.commits.next);
    assert.match(result.output, /^host-a: +\d+ s {2}it was healthy for 3 s in a row$/m);
    assert.doesNotMatch(result.output, new RegExp(`${token}|secret-word|deploy-secret-key`));
  });

  onHost(
    'removes a version that fails its health check, and prints the end of its log',
    async (world, host) => {
      const args = ['--ref', 'another', '--timeout', '8', ...briefly];
      const result = await withLines(host, 'FAULT=sick\n', () =>
        measured('bad version: fails its health check', load, () => redeploy(world, ...args)),
      );
      assertEnded(result, 1);
      assertNoneFailed(result);
      assert.match(
        result.output,
        /not healthy for 1 s in a row within 8 s; it was removed, and the old version continues to handle requests/,
      );
      assert.match(result.output, /\| \{.*"listening on the control socket"/);
      await assertServesAlone(host, world.commits.next);
    },
  );

  onHost('removes a version that crashes during the health time', async (world, host) => {
    const result = await withLines(host, 'FAULT=exit\n', () =>
      measured('bad version: crashes after 3 s', load, () => redeploy(world, '--ref', 'another')),
    );
    assertEnded(result, 1);
    assertNoneFailed(result);
    assert.match(result.output, /\| exited on purpose\n.*ended with exit code 3; it was removed/s);
    await assertServesAlone(host, world.commits.next);
  });

  onHost('restores the previous version with --rollback', async (world, host) => {
    const result = await measured('rollback', load, () => redeploy(world, '--rollback', ...briefly));
    assertEnded(result, 0);
    assertNoneFailed(result);
    await assertServesAlone(host, world.commits.main);
  });

  onHost('refuses a second run during the first', async (world, host) => {
    const results = await measured('two runs at once', load, async () => {
      const first = startRedeploy(world, '--ref', 'next', ...briefly);
      await first.printed(/started/);
      const second = await redeploy(world, '--ref', 'next', ...briefly);
      return { first: await first.finished, second };
    });
    assertEnded(results.first, 0);
    assertEnded(results.second, 9);
    assert.match(results.second.output, /another run is in progress on this host/);
    assertNoneFailed(results);
    await assertServesAlone(host, world.commits.next);
  });

  onHost('completes in a second run after SSH disconnected in the first', async (world, host) => {
    const results = await measured('SSH cut in the middle, then run again', load, async () => {
      const cut = startRedeploy(world, '--ref', 'another', ...briefly);
      await cut.printed(/it is healthy/);
      killSsh(cut.child.pid!);
      const broken = await cut.finished;
      let again = await redeploy(world, '--ref', 'another', ...briefly);
      // The script on the host detects the lost connection only when it writes its next line; it keeps the lock until
      // then.
      await until(async () => {
        if (again.code === 9) again = await redeploy(world, '--ref', 'another', ...briefly);
        return again.code !== 9;
      }, 'the lock is free');
      return { broken, again };
    });
    assertEnded(results.broken, 4);
    assert.match(results.broken.output, /the connection to host-a was lost.*; run this again/);
    assertEnded(results.again, 0);
    assertNoneFailed(results);
    await assertServesAlone(host, world.commits.another);
  });

  onHost('keeps the images of the last three versions', async ({ commits }, host) => {
    const images = await host.engine.docker('images', '--format', '{{.Tag}}', 'elb-inventory');
    const kept = [commits.another, commits.next, commits.main, 'current', 'previous', 'older'];
    assert.deepEqual(images.split('\n').sort(), kept.sort());
  });

  onHost('leaves a service that starts again after a restart of the engine', async (world, host) => {
    const result = await measured('engine restarted (not without loss)', load, async () => {
      await stopEngine('host-a', host.engine);
      const answers = (): Promise<boolean> => responds(`${host.url}/healthcheck`);
      await until(async () => !(await answers()), 'it does not respond');
      await startEngine('host-a');
      await until(answers, 'it responds again');
      return {};
    });
    assert.ok(result.tally.sent > 0);
    await assertServesAlone(host, world.commits.another);
    assertEnded(await redeploy(world, '--ref', 'another', ...briefly), 0);
    await load.stop();
  });
});

/** Kills the SSH client that the script has started, as if a laptop had been closed. */
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
  assert.ok(clients.length > 0, 'the script runs no SSH client');
  for (const client of clients) process.kill(client, 'SIGKILL');
}
