import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EmbeddedAws, startEmbeddedAws } from '../../../api/embedded-aws/server.ts';
import { type Environment, type Finished, until } from '../../../api/test/support/process.ts';
import { hasHosts } from './engines.ts';
import { type Host, startBuilder, token } from './hosts.ts';
import { type Load, startLoad, type Tally } from './load.ts';
import { measured } from './report.ts';
import { lanes, scenario } from './scenarios.ts';
import { copyImages } from './versions.ts';
import type { World } from './world.ts';

/**
 * Versions that are healthy but cannot handle requests, under load. `another` has the fault that FAULT in the env file
 * selects; `next` is a version without a readiness check.
 */
describe('builder.sh with a version that cannot serve', function () {
  this.timeout(400_000);
  let load: Load;
  let aws: EmbeddedAws;
  let env: string;
  const onHost = (title: string, work: (world: World, host: Host) => Promise<void>): void => {
    scenario(lanes.hostC, hasHosts, title, (world) => work(world, world.hosts[2]!));
  };
  const args = ['--host', 'host-c', '--healthy-for', '1'];
  const versions = ({ commits: { main, next, another } }: World): string[] => [main, next, another];
  /** Redeploys with these settings added to the env file. */
  const redeploy = async (
    world: World,
    host: Host,
    more: readonly string[],
    settings: Environment = {},
  ): Promise<Finished> => {
    const lines = Object.entries(settings).map((pair) => `${pair.join('=')}\n`);
    writeFileSync(host.envFile, env + lines.join(''));
    // A redeploy removes all images except those of the last three versions.
    for (const commit of versions(world))
      await host.engine.docker('tag', `built:${commit}`, `elb-inventory:${commit}`);
    const builder = startBuilder(world.folder, [...args, ...more]);
    // A build under the full load would spend most of its time waiting for the CPU.
    (load as Load | undefined)?.slowUntil(builder.printed(/it was healthy for/));
    const finished = await builder.finished;
    writeFileSync(host.envFile, env);
    assert.doesNotMatch(finished.output, new RegExp(`${token}|secret-word`));
    return finished;
  };
  const noAws = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' };

  async function assertServesAlone(host: Host, commit: string): Promise<void> {
    assert.deepEqual(await host.engine.running(), ['elb-inventory']);
    const label = '{{index .Config.Labels "org.opencontainers.image.revision"}}';
    assert.equal(await host.engine.inspect('elb-inventory', label), commit);
  }
  function assertFailed({ tally }: { tally: Tally }, atMost: number): void {
    assert.ok(tally.sent > 100, `only ${tally.sent} requests were sent`);
    assert.ok(
      tally.failed <= atMost,
      `${tally.failed} requests failed: ${JSON.stringify([...tally.causes])}`,
    );
  }

  const deploy = async (
    world: World,
    host: Host,
    args: string[],
    settings?: Environment,
  ): Promise<string> => {
    const { code, output } = await redeploy(world, host, [...args, '--watch', '1'], settings);
    assert.equal(code, 0, output);
    return output;
  };
  const continues =
    /it cannot reach aws, and the running version cannot reach it either, so the redeploy continues/;

  onHost('starts with an older version without a readiness check', async (world, host) => {
    await copyImages(join(world.folder, 'repository'), versions(world), world.engine, host.engine);
    aws = await startEmbeddedAws();
    env = `${readFileSync(host.envFile, 'utf8')}AWS_ENDPOINT_URL=${aws.url}\n`;
    const output = await deploy(world, host, ['--ref', 'next']);
    assert.match(output, /[0-9a-f]{12} is an older version without a readiness check/);
  });

  onHost('replaces the older version while AWS is down for both versions', async (world, host) => {
    aws.faults.set([{ reset: true }]);
    const output = await deploy(world, host, ['--ref', 'main']);
    aws.faults.set([]);
    assert.match(
      output,
      /the running version is older and has no readiness check; comparing with its GET \/status/,
    );
    assert.match(output, continues);
    await assertServesAlone(host, world.commits.main);
    // With Pragma, requests pass through all middleware.
    load = startLoad(`${host.url}/elb/default-elb`, { Authorization: `Basic ${token}`, Pragma: 'none' });
    await until(() => load.tally.sent > 1000, 'the load has started');
  });

  onHost(
    'removes a version that responds to each authenticated request with 500, before the switch',
    async (world, host) => {
      const result = await measured('bad version: 500 for each authenticated request', load, () =>
        redeploy(world, host, ['--ref', 'another'], { FAULT: '500' }),
      );
      assert.equal(result.code, 1, result.output);
      assert.match(
        result.output,
        /does not respond to authenticated requests: 500 .*; it was removed, and the old version continues to handle requests/,
      );
      assertFailed(result, 0);
      await assertServesAlone(host, world.commits.main);
    },
  );

  onHost(
    'removes a version that does not reach AWS while the old version does, before the switch',
    async (world, host) => {
      const result = await measured('bad version: AWS unreachable for it only', load, () =>
        redeploy(world, host, ['--ref', 'another'], noAws),
      );
      assert.equal(result.code, 1, result.output);
      assert.match(
        result.output,
        /cannot reach aws \(--no-readiness deploys it anyway\): 503 .*; it was removed, and the old version continues to handle requests/,
      );
      assertFailed(result, 0);
      await assertServesAlone(host, world.commits.main);
    },
  );

  onHost('removes a version that exits 3 s after the port is open', async (world, host) => {
    const result = await measured('bad version: exits 3 s after the switch', load, () =>
      redeploy(world, host, ['--ref', 'another', '--watch', '6'], { FAULT: 'exit-on-port' }),
    );
    assert.equal(result.code, 1, result.output);
    assert.match(
      result.output,
      /\| exited on purpose\n.*ended with exit code 3 after it had opened the port; it was removed, and the old version continues to handle requests/s,
    );
    // There are 12 connections in the load.
    assertFailed(result, 12);
    await assertServesAlone(host, world.commits.main);
  });

  onHost('removes a version that responds to requests on the port with 500', async (world, host) => {
    const result = await measured('bad version: 500 on the port only', load, () =>
      redeploy(world, host, ['--ref', 'another'], { FAULT: '500-on-port' }),
    );
    assert.equal(result.code, 1, result.output);
    assert.match(
      result.output,
      /failed after it had opened the port: it responds to \d+ % of the authenticated requests with 500; it was removed/,
    );
    assert.ok(result.tally.failed > 0, 'the version had no fault');
    await assertServesAlone(host, world.commits.main);
  });

  onHost('leaves the old version when it is killed while both versions serve', async (world, host) => {
    const result = await measured('killed while both versions serve', load, async () => {
      const killed = startBuilder(world.folder, [...args, '--ref', 'another', '--watch', '60']);
      await killed.printed(/has opened the port/);
      await killOnHost(host);
      return killed.finished;
    });
    assert.equal(result.code, 4, result.output);
    assert.deepEqual(await host.engine.running(), ['elb-inventory', 'elb-inventory-candidate']);
    assertFailed(result, 0);
  });

  onHost(
    'goes back to the version that served with --rollback, after versions that failed',
    async (world, host) => {
      const result = await measured('rollback after failed versions', load, () =>
        redeploy(world, host, ['--rollback', '--watch', '1']),
      );
      assert.equal(result.code, 0, result.output);
      assertFailed(result, 0);
      await assertServesAlone(host, world.commits.next);
      await load.stop();
    },
  );

  onHost(
    'deploys a version that cannot reach AWS with --no-readiness, and another while neither can',
    async (world, host) => {
      const unchecked = await deploy(world, host, ['--ref', 'another', '--no-readiness'], noAws);
      assert.match(unchecked, /did not check whether it is ready \(--no-readiness\)/);
      assert.match(await deploy(world, host, ['--ref', 'main'], noAws), continues);
      await assertServesAlone(host, world.commits.main);
    },
  );

  onHost('deploys a version that reaches AWS while the old version does not', async (world, host) => {
    const output = await deploy(world, host, ['--ref', 'another']);
    assert.match(output, /it is ready: it reaches AWS, and responds to authenticated requests/);
    await assertServesAlone(host, world.commits.another);
    await aws.close();
  });
});

/** Kills the script on the host: the processes that hold its lock, whose name contains the name of the engine. */
async function killOnHost({ engine }: Host): Promise<void> {
  const lock = `builder-${(await engine.docker('info', '--format', '{{.ID}}')).replaceAll(/[^A-Za-z0-9-]/g, '')}`;
  const pids = readdirSync('/proc').filter((pid) => {
    try {
      return readdirSync(`/proc/${pid}/fd`).some((fd) =>
        readlinkSync(`/proc/${pid}/fd/${fd}`).includes(lock),
      );
    } catch {
      // Not a process, or one that has ended.
      return false;
    }
  });
  assert.ok(pids.length > 0, 'no process has the lock');
  for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
}
