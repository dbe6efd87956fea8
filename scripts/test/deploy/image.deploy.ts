import assert from 'node:assert/strict';
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasDocker } from './engines.ts';
import { token } from './hosts.ts';
import { unusedPort } from '../../../api/test/support/unused-port.ts';
import { type Environment, responds, run, start, until } from '../../../api/test/support/process.ts';
import { addFigure } from './report.ts';
import { lanes, scenario } from './scenarios.ts';
import type { World } from './world.ts';

const image = 'elb-inventory:under-test';
const base = 'node:24-bookworm-slim';
const pinned = 'node-pinned:24';
const repositoryUrl = 'https://git.example.com/sre/elb-inventory';
const megabyte = 1_000_000;
/** A value in files that the image must not contain. */
const secret = 'never-in-an-image';
const cloneUrl = `https://sre:${secret}@git.example.com`;
/** The files of a clone in which settings and credentials of git, npm and AWS are found. */
const secretFiles: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['.env', '.env.production', 'api/.env', 'scripts/.env', 'terraform-ts/.env'].map((file) => [
      file,
      `API_TOKEN=${secret}\n`,
    ]),
  ),
  '.git/secret': secret,
  '.git/config': `[remote "other"]\n\turl = ${cloneUrl}/sre/elb-inventory\n`,
  '.git-credentials': `${cloneUrl}\n`,
  '.netrc': `machine git.example.com login sre password ${secret}\n`,
  '.npmrc': `//registry.example.com/:_authToken=${secret}\n`,
  '.aws/credentials': `[default]\naws_secret_access_key = ${secret}\n`,
  'api-token': `${secret}\n`,
};

const image_ = (title: string, work: (world: World) => Promise<void>): void => {
  scenario(lanes.image, hasDocker, title, work);
};

describe('The image', function () {
  this.timeout(300_000);
  let source: string;

  image_('is built from a clone with secret files', async ({ folder, commits, engine }) => {
    source = join(folder, 'clone');
    cpSync(join(folder, 'repository'), source, { recursive: true });
    for (const [file, text] of Object.entries(secretFiles)) {
      mkdirSync(dirname(join(source, file)), { recursive: true });
      appendFileSync(join(source, file), text);
    }
    await engine.docker('tag', base, pinned);
    const args = { COMMIT: commits.main, VERSION: '1.2.3', SOURCE: repositoryUrl, BASE_IMAGE: pinned };
    const buildArgs = Object.entries(args).flatMap((pair) => ['--build-arg', pair.join('=')]);
    await engine.docker('build', '--network', 'host', '--quiet', ...buildArgs, '--tag', image, source);
  });

  image_('contains neither .env nor .git, nor their content', async ({ engine }) => {
    const container = await engine.docker('create', image);
    const list = `docker export ${container} | tar -t`;
    const files = (await run('bash', ['-o', 'pipefail', '-c', list], engine.env)).split('\n');
    await engine.docker('rm', container);
    assert.ok(
      files.includes('app/server.js') && files.includes('app/docs/swagger.yaml'),
      'the image has the service',
    );
    assert.deepEqual(
      files.filter((file) => /(^|\/)\.(env|git)(\.|\/|$)/.test(file)),
      [],
    );
    assert.deepEqual(
      files.filter((file) => /^app\/(node_modules|api|package)/.test(file)),
      [],
    );
  });

  image_('has no secret in a layer, in its settings or in its history', async ({ folder, engine }) => {
    const saved = join(folder, 'saved');
    mkdirSync(saved);
    await run('bash', ['-o', 'pipefail', '-c', `docker save ${image} | tar -x -C ${saved}`], engine.env);
    /** The number of the image's files that contain the text; layers can be compressed. */
    const filesWith = async (text: string): Promise<number> => {
      const found = `gzip -dcf "$1" | grep -qaF -- "$2" && echo found || true`;
      const args = ['-type', 'f', '-exec', 'bash', '-c', found, 'bash', '{}', text, ';'];
      return (await run('find', [saved, ...args])).split('\n').filter((line) => line === 'found').length;
    };
    for (const known of ['X-Request-Id', 'ENV NODE_ENV=production', '"User":"10001:10001"'])
      assert.notEqual(await filesWith(known), 0, `${known} is in the image`);
    assert.equal(await filesWith(secret), 0, 'the secret is in the image');
  });

  image_('adds at most 8 MB to its base image', async ({ engine }) => {
    const [size, baseSize] = await Promise.all(
      [image, base].map((name) => engine.inspect(name, '{{.Size}}')),
    );
    const added = (Number(size) - Number(baseSize)) / megabyte;
    addFigure('image over its base', `${added.toFixed(1)} MB`);
    assert.ok(added > 1 && added <= 8, `${added} MB`);
  });

  image_('has a bill of materials with every package in its source map', async ({ engine }) => {
    const cat = (file: string): Promise<string> =>
      engine.docker('run', '--rm', '--network', 'none', image, 'cat', file);
    const { components } = JSON.parse(await cat('sbom.cdx.json')) as { components: { name: string }[] };
    const { sources } = JSON.parse(await cat('service.mjs.map')) as { sources: string[] };
    const bundled = sources.flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
    // saxes and two other packages have their own source maps, with other paths.
    const packages = [...bundled.filter((name) => name !== 'src'), 'saxes', 'swagger-ui-dist'];
    const listed = new Set(components.map(({ name }) => name));
    assert.ok(new Set(packages).size > 90, 'the source map has packages');
    assert.deepEqual(
      packages.filter((name) => !listed.has(name)),
      [],
    );
    for (const name of ['mocha', 'esbuild', 'tsx'])
      assert.ok(!listed.has(name), `${name} is not in the image`);
  });

  image_(
    'has labels for its version, source and base, and runs as a user without privileges',
    async ({ engine, commits }) => {
      const label = (name: string): Promise<string> =>
        engine.inspect(image, `{{index .Config.Labels "org.opencontainers.image.${name}"}}`);
      assert.equal(await label('version'), '1.2.3');
      assert.equal(await label('revision'), commits.main);
      assert.equal(await label('source'), repositoryUrl);
      assert.equal(await label('base.name'), pinned);
      assert.equal(await engine.inspect(image, '{{.Config.User}}'), '10001:10001');
      const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
      assert.match(
        readFileSync('Dockerfile', 'utf8'),
        new RegExp(`^ARG VERSION=${version}$`, 'm'),
        'the default of VERSION',
      );
    },
  );

  image_(
    'is healthy on a read-only filesystem without capabilities, and exits with 0 on SIGTERM',
    async ({ engine }) => {
      const port = String(await unusedPort());
      const locked = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];
      const settings = ['--env', 'AWS_BACKEND=embedded', '--env', `PORT=${port}`];
      const startedAt = performance.now();
      const id = await engine.docker('run', '--detach', '--network', 'host', ...locked, ...settings, image);
      await until(
        async () => (await engine.inspect(id, '{{.State.Health.Status}}')) === 'healthy',
        'healthy',
      );
      addFigure('from docker run to healthy', `${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
      await engine.docker('stop', id);
      assert.equal(await engine.inspect(id, '{{.State.ExitCode}}'), '0');
      assert.match(await engine.docker('logs', id), /"signal":"SIGTERM","msg":"closing".*"msg":"closed"/s);
      await engine.docker('rm', id);
    },
  );

  image_('is not healthy when the service does not respond', async ({ engine }) => {
    const port = String(await unusedPort());
    const asked = start(
      'docker',
      [
        'run',
        '--rm',
        '--network',
        'host',
        '--env',
        `PORT=${port}`,
        image,
        'node',
        'ask.mjs',
        'GET',
        '/healthcheck',
      ],
      engine.env,
    );
    const { code, output } = await asked.finished;
    assert.equal(code, 1);
    assert.match(output, /ECONNREFUSED/);
  });

  image_(
    'exits with 78 for an env file with a quoted token, and names the setting',
    async ({ folder, engine }) => {
      const file = join(folder, 'quoted.env');
      writeFileSync(file, `AWS_BACKEND=embedded\nAPI_TOKEN="${token}"\n`);
      const started = start(
        'docker',
        ['run', '--rm', '--network', 'none', '--env-file', file, image],
        engine.env,
      );
      const { code, output } = await started.finished;
      assert.equal(code, 78, output);
      assert.match(output, /API_TOKEN .*quotes/);
      assert.equal(output.trim().split('\n').length, 1, output);
      assert.ok(!output.includes(token), 'the token is a secret');
    },
  );

  image_('exits soon when it is stopped during its start', async ({ engine }) => {
    const args = ['--detach', '--init', '--network', 'none', '--env', 'AWS_BACKEND=embedded', image];
    const ended = async (afterMs: number): Promise<string> => {
      const id = await engine.docker('run', ...args);
      await sleep(afterMs);
      const { seconds } = await start('docker', ['stop', '-t', '30', id], engine.env).finished;
      const code = await engine.inspect(id, '{{.State.ExitCode}}');
      await engine.docker('rm', id);
      assert.ok(seconds < 15, `after ${afterMs} ms: ${seconds} s`);
      return code;
    };
    const codes = await Promise.all([0, 50, 100, 200].map(ended));
    // Exit code 143 means that SIGTERM arrived before Node.js handled signals.
    for (const code of codes) assert.match(code, /^(0|143)$/);
  });

  image_('is restarted by its engine when it hangs', async ({ engine }) => {
    const port = String(await unusedPort());
    const settings = ['--env', 'AWS_BACKEND=embedded', '--env', 'HOST=127.0.0.1', '--env', `PORT=${port}`];
    const policy = ['--init', '--restart', 'unless-stopped', '--health-interval', '1s'];
    const run_ = ['run', '--detach', '--network', 'host', '--read-only', '--cap-drop', 'ALL', ...policy];
    const container = await engine.docker(...run_, ...settings, image);
    const works = (): Promise<boolean> => responds(`http://127.0.0.1:${port}/healthcheck`);
    await until(works, 'it responds');
    // The signal must come from inside the container, because signals from the engine reach only the init process.
    const stop = `kill -STOP $(grep -lxz server.js /proc/[0-9]*/cmdline | cut -d/ -f3) 2>/dev/null || true`;
    await engine.docker('exec', container, 'sh', '-c', stop);
    const stoppedAt = performance.now();
    await until(
      async () => (await engine.inspect(container, '{{.RestartCount}}')) === '1' && (await works()),
      'it was restarted',
    );
    addFigure('restart of a hung service', `${((performance.now() - stoppedAt) / 1000).toFixed(1)} s`);
    assert.match(
      await engine.docker('logs', container),
      /"msg":"the service did not respond to 3 health checks of 5 s each and was killed"/,
    );
    await engine.docker('rm', '--force', container);
  });

  describe('with docker compose', () => {
    const composeArgs = (args: string[]): string[] => [
      ...['compose', '--project-directory', source, '--file', join(source, 'compose.yaml')],
      ...args,
    ];
    const compose = async ({ engine }: World, args: string[], env: Environment = {}): Promise<string> =>
      run('docker', composeArgs(args), { ...engine.env, ...env });
    const get = (url: string, credentials: string): Promise<Response> =>
      fetch(url, { headers: { Authorization: `Basic ${credentials}`, Connection: 'close' } });
    let ports: Environment;

    image_('serves the embedded AWS on port 8000 without an account', async (world) => {
      assert.match(await compose(world, ['config']), /published: "8000"/);
      ports = { EMBEDDED_PORT: String(await unusedPort()), AWS_API_PORT: String(await unusedPort()) };
      await compose(world, ['up', '--build', '--wait'], { ...ports, BASE_IMAGE: pinned });
      const format = '{{index .Config.Labels "org.opencontainers.image.base.name"}}';
      assert.equal(await world.engine.inspect('elb-inventory:compose', format), pinned);
      const sample = Buffer.from('sre:change-me').toString('base64');
      assert.equal(
        (await get(`http://127.0.0.1:${ports['EMBEDDED_PORT']}/elb/default-elb`, sample)).status,
        200,
      );
      const limits = '{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.HostConfig.Ulimits}}';
      assert.equal(
        await world.engine.inspect('elb-inventory-embedded-1', limits),
        `${512 << 20} 256 [core=0:0]`,
      );
    });

    // The images here are not in any registry. `npm run test:integration` runs Prometheus from Debian with the same
    // rules.
    image_(
      'mounts existing files in the profile observe, and opens its ports to this machine only',
      async (world) => {
        interface Observer {
          readonly image: string;
          readonly ports: { host_ip?: string }[];
          readonly volumes: { type: string; source: string }[];
        }
        const args = ['--profile', 'observe', 'config', '--format', 'json'];
        const { services, configs } = JSON.parse(await compose(world, args)) as {
          services: Record<'prometheus' | 'grafana', Observer>;
          configs: Record<string, { content: string }>;
        };
        for (const { image, ports, volumes } of [services.prometheus, services.grafana]) {
          assert.match(image, /:v?\d+\.\d+\.\d+$/);
          assert.deepEqual(
            ports.map(({ host_ip }) => host_ip),
            ['127.0.0.1'],
          );
          const files = volumes.filter(({ type }) => type === 'bind').map((volume) => volume.source);
          assert.deepEqual(
            files.filter((file) => !existsSync(file)),
            [],
          );
          assert.equal(files.length, 2);
        }
        const sample = Buffer.from('prometheus:change-me').toString('base64');
        assert.equal(configs['metrics-token']?.content, sample);
      },
    );

    image_('reads .env and calls AWS in the profile aws', async (world) => {
      const gateway = await world.engine.docker(
        'network',
        'inspect',
        '--format',
        '{{(index .IPAM.Config 0).Gateway}}',
        'elb-inventory_default',
      );
      const settings = [
        `API_TOKEN=${token}`,
        `AWS_ENDPOINT_URL=http://${gateway}:${world.aws.port}`,
        'AWS_ACCESS_KEY_ID=compose',
        'AWS_SECRET_ACCESS_KEY=compose',
        'PORT=9',
      ];
      writeFileSync(join(source, '.env'), `${settings.join('\n')}\n`);
      await compose(world, ['--profile', 'aws', 'up', '--wait'], ports);
      assert.equal((await get(`http://127.0.0.1:${ports['AWS_API_PORT']}/elb/fleet`, token)).status, 200);
      const services = await compose(world, ['--profile', 'aws', 'ps', '--services']);
      assert.deepEqual(services.split('\n').sort(), ['aws', 'embedded'], 'both services run');
    });

    image_('reads its tokens from a secret, and again on SIGHUP', async (world) => {
      const file = join(source, '.env');
      writeFileSync(file, readFileSync(file, 'utf8').replace(/^API_TOKEN=.*\n/m, ''));
      const secretFile = join(source, 'api-token');
      writeFileSync(secretFile, `${token}\n`);
      const override = join(source, 'compose.override.yaml');
      writeFileSync(override, secretOverride());
      await compose(world, ['--file', override, '--profile', 'aws', 'up', '--wait', 'aws'], ports);
      const url = `http://127.0.0.1:${ports['AWS_API_PORT']}/elb/fleet`;
      assert.equal((await get(url, token)).status, 200);
      const next = Buffer.from('deploy:another-secret-word').toString('base64');
      writeFileSync(secretFile, `${next}\n`);
      await compose(world, ['--profile', 'aws', 'kill', '--signal', 'HUP', 'aws']);
      await until(async () => (await get(url, next)).status === 200, 'the new token is valid');
      assert.equal((await get(url, token)).status, 401);
    });

    image_('prints the reason when the token is missing', async (world) => {
      const up = ['--profile', 'aws', 'up', 'aws'];
      // SIGTERM ends `up`, which would otherwise restart the container repeatedly.
      const attached = start('timeout', ['20', 'docker', ...composeArgs(up)], {
        ...world.engine.env,
        ...ports,
      });
      const why = /aws-1 +\| elb-inventory cannot start\. API_TOKEN is missing: set it to/;
      await attached.printed(why);
      await attached.stop();
      await assert.rejects(compose(world, [...up, '--wait'], ports), /elb-inventory-aws-1 is unhealthy/);
      const logs = start('docker', composeArgs(['--profile', 'aws', 'logs', 'aws']), world.engine.env);
      assert.match((await logs.finished).output, why);
      await compose(world, ['--profile', 'aws', 'down', '--volumes']);
    });
  });
});

/** Returns the Compose file in docs/redeploy.md, which mounts a secret. */
function secretOverride(): string {
  const [, lines = ''] = /```yaml\n(.*?)```/s.exec(readFileSync('docs/redeploy.md', 'utf8')) ?? [];
  return lines;
}
