import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { hasHosts } from './engines.ts';
import { runBuilder } from './hosts.ts';
import { unusedPort } from '../../../api/test/support/unused-port.ts';
import { type Finished, run, type Running, start } from '../../../api/test/support/process.ts';
import { lanes, scenario } from './scenarios.ts';
import { commandLines } from './stand-ins.ts';
import type { World } from './world.ts';

/** The Debian package docker-registry. */
const possible = hasHosts && existsSync('/usr/bin/docker-registry');
const password = 'a-password-for-12-hours';
const passwordHash = '$2b$05$abcdefghijklmnopqrstuuhsK9AkJPmUbb9sDV8XdKfOLMYq./s4W';
const commit = 'c0ffee'.repeat(7).slice(0, 40);

describe('builder.sh --pull', function () {
  this.timeout(400_000);
  let registry: Running;
  /** Forwards requests to the registry, and reads the command lines of all processes during each of them. */
  let front: Server;
  const seen = new Set<string>();
  let address: string;
  let image: string;
  let other: string;
  const redeploy = ({ folder }: World, pull: string, env = {}): Promise<Finished> =>
    runBuilder(folder, ['--host', 'host-b', '--pull', pull, '--healthy-for', '1'], env);

  scenario(lanes.hostB, possible, 'starts with an image in a registry that needs a login', async (world) => {
    const folder = join(world.folder, 'registry');
    mkdirSync(folder);
    const port = await unusedPort();
    front = createServer((incoming, response) => {
      for (const line of commandLines()) seen.add(line);
      const { method, url, headers } = incoming;
      const outgoing = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      outgoing.on('error', () => response.destroy());
      incoming.pipe(outgoing);
    }).listen(0, '127.0.0.1');
    await once(front, 'listening');
    address = `127.0.0.1:${(front.address() as AddressInfo).port}`;
    writeFileSync(join(folder, 'passwords'), `AWS:${passwordHash}\n`);
    writeFileSync(
      join(folder, 'config.yml'),
      `version: 0.1
storage: { filesystem: { rootdirectory: '${folder}/data' } }
http: { addr: '127.0.0.1:${port}' }
auth: { htpasswd: { realm: registry, path: '${folder}/passwords' } }
`,
    );
    registry = start('/usr/bin/docker-registry', ['serve', join(folder, 'config.yml')]);
    await registry.printed(/listening on/);
    // The images are small, because the engine compresses and extracts each layer. They cannot be started.
    const { engine } = world;
    const labels = { title: 'elb-inventory', revision: commit };
    const labelled = Object.entries(labels).map((pair) => `LABEL org.opencontainers.image.${pair.join('=')}`);
    const config = ['--config', join(folder, 'docker')];
    const login = `docker ${config.join(' ')} login --username AWS --password-stdin ${address} <<<${password}`;
    await run('bash', ['-c', login], engine.env);
    const push = async (tag: string, lines: readonly string[]): Promise<string> => {
      const name = `${address}/sre/elb-inventory:${tag}`;
      writeFileSync(
        join(folder, 'Dockerfile'),
        ['FROM scratch', 'COPY passwords /', ...lines, ''].join('\n'),
      );
      await engine.docker('build', '--quiet', '--tag', name, folder);
      await engine.docker(...config, 'push', '--quiet', name);
      // An engine that has been used before also has digests of earlier registries.
      const digests = (await engine.inspect(name, '{{join .RepoDigests " "}}')).split(' ');
      return digests.find((digest) => digest.startsWith(address)) ?? '';
    };
    image = await push('good', labelled);
    other = await push('other', []);
  });

  scenario(lanes.hostB, possible, 'exits with 10 when the registry needs a login', async (world) => {
    const { code, output } = await redeploy(world, image);
    assert.equal(code, 10, output);
    assert.match(output, /no basic auth credentials.*cannot be pulled; check its name, and the login/s);
    const wrong = await redeploy(world, image, { REGISTRY_PASSWORD: 'wrong' });
    assert.equal(wrong.code, 10, wrong.output);
    assert.match(wrong.output, /rejects the login; check \$REGISTRY_PASSWORD/);
  });

  scenario(
    lanes.hostB,
    possible,
    'pulls the image with a password that no process list, output or file of the host shows',
    async (world) => {
      const [, host] = world.hosts;
      seen.clear();
      const { code, output } = await redeploy(world, image, { REGISTRY_PASSWORD: password });
      assert.equal(code, 1, output);
      assert.ok(output.includes(`pulled ${image}: ${commit.slice(0, 12)}`), output);
      assert.match(output, /the new version could not be started; nothing was changed/);
      const digests = await host!.engine.inspect(`elb-inventory:${commit}`, '{{join .RepoDigests " "}}');
      assert.ok(digests.includes(image), digests);
      assert.ok(!output.includes(password), output);
      assert.ok(
        [...seen].some((line) => line.includes('login --username AWS')),
        'docker login was seen',
      );
      assert.deepEqual(
        [...seen].filter((line) => line.includes(password)),
        [],
      );
      const config = join(host!.engine.env['DOCKER_CONFIG'] ?? '', 'config.json');
      assert.ok(
        !existsSync(config) || !readFileSync(config, 'utf8').includes(address),
        'the login has ended',
      );
    },
  );

  scenario(lanes.hostB, possible, 'refuses an image that is not one of the service', async (world) => {
    const { code, output } = await redeploy(world, other, { REGISTRY_PASSWORD: password });
    assert.equal(code, 10, output);
    assert.match(output, /is not an image of elb-inventory with its commit/);
    front.close();
    front.closeAllConnections();
    await registry.stop();
  });
});
