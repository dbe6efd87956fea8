import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { hasHosts } from './engines.ts';
import { builder, type Host, runBuilder, withLines } from './hosts.ts';
import { type Environment, type Finished, run, start } from '../../../api/test/support/process.ts';
import { addFigure } from './report.ts';
import { lanes, scenario } from './scenarios.ts';
import type { World } from './world.ts';

const digest = `registry.example.com/elb-inventory@sha256:${'0'.repeat(64)}`;

describe('builder.sh', function () {
  this.timeout(400_000);
  const onHost = (title: string, work: (world: World, host: Host) => Promise<void>): void => {
    scenario(lanes.hostB, hasHosts, title, (world) => work(world, world.hosts[1]!));
  };
  /** Runs builder.sh on the host itself, as root. */
  const runOnHost = (
    { folder }: World,
    { engine, envFile }: Host,
    args: string[],
    env: Environment = {},
  ): Promise<Finished> => runBuilder(folder, args, { ...engine.env, ENV_FILE: envFile, ...env });

  const wrong: [args: string[], says: RegExp][] = [
    [['--what'], /--what is not an option; see --help/],
    [['--ref'], /--ref needs a value/],
    [['--ref', '--upload-pack=x'], /must not begin with a dash/],
    [['--host', 'a b'], /--host 'a b' is not \[USER@\]HOST\[=i-…\]/],
    [['--host', '-oProxyCommand=x'], /is not \[USER@\]HOST/],
    [['--host', 'h=instance'], /--host 'h=instance' is not/],
    [['--timeout', 'soon'], /'soon' is not a whole number of seconds/],
    [['--watch', '08'], /'08' is not a whole number of seconds/],
    [['--memory', '0m'], /--memory takes a size such as 512m or 1g, not '0m'/],
    [['--host', 'h', '--host', 'h=i-0abcdef12'], /--host h is given twice; remove one/],
    [['--healthy-for', '60'], /--healthy-for 60 must be less than --timeout 60/],
    [['--elb', 'default-elb'], /--elb NAME and --api .* must be set together/],
    [['--elb', 'a/b', '--api', 'http://x'], /is not the name of a load balancer/],
    [['--rollback', '--ref', 'main'], /--rollback cannot be combined/],
    [['--rollback', '--image', '--host', 'h'], /remove --image/],
    [['--image'], /--image needs --host/],
    [['--pull', 'elb-inventory:latest'], /--pull takes REGISTRY\/NAME@sha256:… with 64 digits/],
    [['--pull', digest, '--ref', 'main'], /--pull cannot be combined with --ref, --built or --image/],
    [['--pull', digest, '--rollback'], /--rollback cannot be combined with --ref, --built or --pull/],
    [['--base-image', 'a;b'], /--base-image has a character/],
    [['--built', 'main'], /--built takes a commit id of 40 digits/],
  ];
  for (const [args, says] of wrong)
    it(`refuses ${args.join(' ')} with exit code 2 and one line`, async () => {
      const { code, output } = await start(builder, args, { PATH: '/usr/bin:/bin' }).finished;
      assert.equal(code, 2, output);
      assert.match(output, says);
      assert.equal(output.trim().split('\n').length, 1, 'one sentence');
    });

  for (const [url, warns] of [
    ['http://default-elb-1.us-east-1.elb.amazonaws.com', true],
    ['http://10.example.com', true],
    ['http://172.32.0.1', true],
    ['https://inventory.example.com', false],
    ['http://localhost:8000', false],
    ['http://172.31.0.1/', false],
  ] as const)
    it(`${warns ? 'warns' : 'does not warn'} that --api ${url} sends the token in clear text`, async () => {
      const args = ['--rollback', '--host', 'h', '--elb', 'default-elb', '--api', url];
      const { code, output } = await start(builder, args, { PATH: '/usr/bin:/bin' }).finished;
      assert.equal(code, 6, output);
      assert.equal(/warning: --api \S+ sends the token in clear text; use https/.test(output), warns, output);
    });

  it('prints common calls and every exit code with --help', async () => {
    const help = await run(builder, ['--help']);
    for (const part of [
      '--ref v1.4.0',
      '--rollback',
      '--image',
      '--elb default-elb --api https://ELB',
      'Exit codes',
    ])
      assert.ok(help.includes(part), part);
    for (let code = 0; code <= 14; code += 1)
      assert.match(help, new RegExp(`(^|\\s)${code} \\S`, 'm'), String(code));
  });

  const refusals: [
    title: string,
    code: number,
    says: RegExp,
    args: (world: World, host: Host) => string[],
    env?: (world: World, host: Host) => Environment,
  ][] = [
    ['docker is missing', 3, /docker is missing; install/, () => [], () => ({ PATH: '/usr/bin:/bin' })],
    [
      'Docker does not respond',
      3,
      /Docker does not respond; start it/,
      () => [],
      () => ({ DOCKER_HOST: 'unix:///nowhere' }),
    ],
    [
      'no SSH server responds',
      4,
      /127\.0\.0\.9 cannot be reached over SSH, or does not run commands; try/,
      () => ['--host', '127.0.0.9'],
    ],
    [
      'the ref is unknown',
      5,
      /has no branch, tag or full commit id 'no-such-ref'/,
      () => ['--ref', 'no-such-ref'],
    ],
    [
      'the repository does not exist',
      5,
      /git cannot fetch from \/no\/such\/repository/,
      () => ['--repo', '/no/such/repository'],
    ],
    [
      'the env file is missing',
      6,
      /\/no\/such\.env is missing or unreadable; copy \.env\.example/,
      () => ['--env-file', '/no/such.env'],
    ],
    [
      'the env file has no API_TOKEN',
      6,
      /tokenless\.env has no API_TOKEN/,
      ({ folder }) => ['--env-file', join(folder, 'tokenless.env')],
    ],
    [
      'the disk is full',
      7,
      /the disk is full; free some space/,
      () => [],
      ({ folder }) => ({ TMPDIR: join(folder, 'full') }),
    ],
    ['another program uses the port', 8, /port \d+ is in use by another program/, () => []],
    ['there is no previous version', 13, /this host has no previous version/, () => ['--rollback']],
    [
      'the host does not have the image',
      13,
      /this host has no image elb-inventory:0{40}/,
      () => ['--built', '0'.repeat(40)],
    ],
    [
      'API_TOKEN is not set',
      6,
      /API_TOKEN is not set; --elb sends it/,
      () => ['--host', 'host-b', '--elb', 'fleet', '--api', 'http://x'],
    ],
    [
      'the instance id is unknown',
      14,
      /the instance id of host-a could not be determined, because its metadata service does not respond; set --host HOST=i-…/,
      () => ['--host', 'host-a', '--elb', 'fleet', '--api', 'http://127.0.0.1:1'],
      () => ({ API_TOKEN: 'x' }),
    ],
    [
      'the instance id is that of another host',
      14,
      /host-b is i-\w+, not i-\w+; correct --host/,
      ({ hosts }) => [
        '--host',
        `host-b=${hosts[0]!.instanceId}`,
        '--elb',
        'fleet',
        '--api',
        'http://127.0.0.1:1',
        '--no-standby',
      ],
      () => ({ API_TOKEN: 'x' }),
    ],
    [
      'the API does not respond',
      12,
      /http:\/\/127\.0\.0\.1:1 does not respond/,
      () => ['--host', 'host-b', '--elb', 'fleet', '--api', 'http://127.0.0.1:1'],
      () => ({ API_TOKEN: 'x' }),
    ],
  ];
  onHost('starts with a host without a service', async ({ folder }) => {
    writeFileSync(join(folder, 'tokenless.env'), 'API_TOKEN=\nPORT=8000\n');
    mkdirSync(join(folder, 'full'));
    await run('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', join(folder, 'full')]);
  });
  for (const [title, code, says, args, env] of refusals)
    onHost(`exits with ${code} and starts nothing when ${title}`, async (world, host) => {
      const holder = createServer();
      if (code === 8) {
        const { hostname, port } = new URL(host.url);
        holder.listen(Number(port), hostname);
        await once(holder, 'listening');
      }
      const result = await runOnHost(world, host, args(world, host), env?.(world, host));
      holder.close();
      assert.equal(result.code, code, result.output);
      assert.match(result.output, says);
      assert.deepEqual(await host.engine.running(), []);
    });

  onHost("exits with 8 and leaves another program's container that has the name", async (world, host) => {
    await host.engine.docker('create', '--name', 'elb-inventory', 'node:24-bookworm-slim');
    const result = await runOnHost(world, host, []);
    assert.equal(result.code, 8, result.output);
    assert.match(result.output, /the container elb-inventory belongs to another program.*; rename it/);
    await host.engine.docker('rm', 'elb-inventory');
  });

  onHost('prints its steps and changes nothing with --dry-run', async (world, host) => {
    await run('umount', [join(world.folder, 'full')]);
    for (const args of [['--dry-run'], ['--host', 'host-b', '--image', '--dry-run']]) {
      const { code, output } = await runOnHost(world, host, args);
      assert.equal(code, 0, output);
      assert.match(
        output,
        /would fetch.*would start it with .*host-b\.env.*check its health for 10 s.*would keep the last three/s,
      );
    }
    assert.equal(await host.engine.docker('ps', '--all', '--quiet'), '');
  });

  onHost("builds the image on the operator's machine and sends it with --image", async (world, host) => {
    const args = ['--host', 'host-b', '--image', '--healthy-for', '1', '--watch', '1'];
    const result = await runBuilder(world.folder, args, world.engine.env);
    assert.equal(result.code, 0, result.output);
    addFigure('first deploy of a host with --image', `${result.seconds.toFixed(1)} s`);
    assert.match(result.output, /host-b: .*sent the image of [0-9a-f]{12} to host-b/);
    const { ok } = await fetch(`${host.url}/healthcheck`, { headers: { Connection: 'close' } });
    assert.ok(ok);
  });

  onHost(
    'replaces a version that was stopped by hand, with an image that the host already has',
    async (world, host) => {
      await host.engine.docker('stop', 'elb-inventory');
      const args = ['--host', 'host-b', '--image', '--healthy-for', '1', '--watch', '1'];
      const result = await runBuilder(world.folder, args, world.engine.env);
      assert.equal(result.code, 0, result.output);
      assert.match(result.output, /host-b has the image of/);
      assert.doesNotMatch(result.output, /is not running|share the port/);
      assert.deepEqual(await host.engine.running(), ['elb-inventory']);
    },
  );

  const briefly = ['--host', 'host-b', '--healthy-for', '1', '--watch', '1'];
  async function assertServes({ engine }: Host, { commits }: World): Promise<void> {
    assert.deepEqual(await engine.running(), ['elb-inventory']);
    const label = '{{index .Config.Labels "org.opencontainers.image.revision"}}';
    assert.equal(await engine.inspect('elb-inventory', label), commits.main);
  }

  onHost('keeps the old version when the new one cannot be built', async (world, host) => {
    const { code, output } = await runBuilder(world.folder, [...briefly, '--ref', 'unbuildable']);
    assert.equal(code, 10, output);
    assert.match(
      output,
      /\| .*no-such-script.*could not be built; the old version continues to handle requests/s,
    );
    await assertServes(host, world);
  });

  onHost('keeps the old version when the env file has faults, and names their lines', async (world, host) => {
    const lines = readFileSync(host.envFile, 'utf8').trimEnd().split('\n').length;
    const { code, output } = await withLines(host, 'AWS_REGION="us-east-1"\nLOG_LEVEL info\n', () =>
      runBuilder(world.folder, briefly),
    );
    assert.equal(code, 6, output);
    assert.match(output, new RegExp(`line ${lines + 1}, AWS_REGION, has quotes around its value`));
    assert.match(output, new RegExp(`line ${lines + 2} is not an assignment`));
    assert.match(output, /cannot start with .*host-b\.env, see above; correct the file; nothing was changed/);
    await assertServes(host, world);
  });
});
