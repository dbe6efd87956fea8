import assert from 'node:assert/strict';
import { type ElbInFront, startElb } from './elb.ts';
import { hasHosts } from './engines.ts';
import { type Host, runBuilder, token, withLines } from './hosts.ts';
import { type Load, startLoad, type Tally } from './load.ts';
import { type Finished, responds, until } from '../../../api/test/support/process.ts';
import { measured } from './report.ts';
import { lanes, scenario } from './scenarios.ts';
import { fleet, type World } from './world.ts';

describe('builder.sh with a load balancer and two hosts', function () {
  this.timeout(400_000);
  let elb: ElbInFront;
  let load: Load;
  const onFleet = (title: string, work: (world: World) => Promise<void>): void => {
    scenario(lanes.both, hasHosts, title, work);
  };
  const roll = ({ folder, hosts }: World, ...args: string[]): Promise<Finished> => {
    const [a, b] = hosts;
    // The metadata service returns the id of the second host.
    const both = ['--host', `${a!.name}=${a!.instanceId}`, '--host', b!.name];
    const through = ['--elb', fleet, '--api', elb.url, '--no-standby', '--healthy-for', '1', '--watch', '1'];
    return runBuilder(folder, [...both, ...through, ...args], { API_TOKEN: token });
  };
  const pair = ({ hosts }: World): readonly Host[] => hosts.slice(0, 2);
  const inService = ({ aws }: World): string[] =>
    aws.region
      .loadBalancer(fleet)
      .health()
      .filter(({ state }) => state === 'InService')
      .map(({ instanceId }) => instanceId);
  function assertNoneFailed({ tally }: { tally: Tally }): void {
    assert.ok(tally.sent > 100, `only ${tally.sent} requests were sent`);
    assert.equal(tally.failed, 0, JSON.stringify([...tally.causes]));
  }

  onFleet('starts with the service on each host', async (world) => {
    const { folder } = world;
    for (const { name, engine } of pair(world)) {
      if ((await engine.running()).includes('elb-inventory')) continue;
      const { code, output } = await runBuilder(folder, [
        '--host',
        name,
        '--healthy-for',
        '1',
        '--watch',
        '1',
      ]);
      assert.equal(code, 0, output);
    }
  });

  onFleet('builds the same service on two engines', async (world) => {
    const { commits } = world;
    const sums = await Promise.all(
      pair(world).map(({ engine }) =>
        engine.docker(
          'run',
          '--rm',
          '--network',
          'none',
          `elb-inventory:${commits.main}`,
          'sha256sum',
          'service.mjs',
        ),
      ),
    );
    assert.equal(sums[0], sums[1]);
  });

  onFleet('drains each host, redeploys it, and waits until it is in service again', async (world) => {
    elb = await startElb(world.folder, world.aws, fleet, pair(world));
    await until(() => responds(`${elb.url}/healthcheck`), 'the load balancer serves');
    load = startLoad(`${elb.url}/elb/${fleet}`, { Authorization: `Basic ${token}` });
    await until(() => load.tally.sent > 500, 'the load has started');
    const result = await measured('drain-first roll over two hosts', load, () => roll(world));
    assert.equal(result.code, 0, result.output);
    assertNoneFailed(result);
    const steps = [
      /is drained and detached from fleet/,
      /done: .* handles requests/,
      /is in service in fleet/,
    ];
    const inOrder = [
      ...steps.map(({ source }) => `host-a: .*${source}`),
      ...steps.map(({ source }) => `host-b: .*${source}`),
    ];
    assert.match(result.output, new RegExp(inOrder.join('.*'), 's'));
    assert.deepEqual(
      inService(world),
      pair(world).map(({ instanceId }) => instanceId),
    );
    assert.doesNotMatch(result.output, new RegExp(token));
  });

  onFleet('stops at the first host that fails, and puts it back into service', async (world) => {
    const args = ['--ref', 'another', '--timeout', '3'];
    const result = await withLines(world.hosts[0]!, 'FAULT=sick\n', () =>
      measured('drain-first roll of a bad version', load, () => roll(world, ...args)),
    );
    assert.equal(result.code, 1, result.output);
    assertNoneFailed(result);
    assert.match(
      result.output,
      /host-a: builder\.sh: host-a was not redeployed.*the hosts after it were not changed/,
    );
    assert.match(result.output, /host-a: .*is in service in fleet/);
    assert.doesNotMatch(result.output, /host-b/);
    assert.equal(inService(world).length, 2);
  });

  onFleet('does not drain the last healthy host', async (world) => {
    const [a, b] = world.hosts;
    world.aws.region.changeInstance(b!.instanceId, { check: 'failing' });
    await until(() => !inService(world).includes(b!.instanceId), 'the other host is out of service');
    // The services cache health for one second.
    const refused = await measured('last healthy host refused', load, () => roll(world));
    assert.equal(refused.code, 11, refused.output);
    assertNoneFailed(refused);
    assert.match(
      refused.output,
      new RegExp(`${a!.instanceId} is the last healthy host of fleet and was not drained`),
    );
    assert.deepEqual(inService(world), [a!.instanceId]);
    world.aws.region.changeInstance(b!.instanceId, { check: 'passing' });
    await until(() => inService(world).length === 2, 'both are in service again');
    await load.stop();
    await elb.close();
  });
});
