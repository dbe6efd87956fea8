import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ended, makeSmallRepository, makeStandIn, runOn, type StandIn } from './stand-ins.ts';

/**
 * An engine that contains the image in a file. `docker build` writes the image if the file `builder` contains that
 * option.
 */
const engine = `
echo "docker $*" >>"$FOLDER/calls"
case "$1 $2" in
'version '*) echo amd64 ;;
'info --format') case $3 in *.ID*) echo "$ENGINE_ID" ;; esac ;;
'build '*) case "$*" in *"$LOADS_WITH"*) touch "$FOLDER/image" ;; esac ;;
'image inspect') [ -f "$FOLDER/image" ] || exit 1; case "$*" in *base.name*) echo "$BASE_OF_IMAGE" ;; *) echo sha256:abc ;; esac ;;
'container inspect') case "$*" in *title*) echo elb-inventory ;; *elb-inventory-candidate) ;; *) exit 1 ;; esac ;;
'stop '* | 'rm '*) ;;
*) exit 1 ;;
esac`;

describe('builder.sh and docker', function () {
  this.timeout(60_000);
  let machine: StandIn;
  let repository: string;
  before(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'elb-inventory-build-'));
    machine = makeStandIn(join(folder, 'machine'));
    repository = join(folder, 'repository');
    await makeSmallRepository(repository);
    machine.put('docker', engine);
  });
  beforeEach(() => {
    rmSync(join(machine.folder, 'image'), { force: true });
  });
  after(() => {
    machine.remove();
    rmSync(join(machine.folder, '..'), { recursive: true });
  });
  const build = (args: string[], env: Record<string, string>): Promise<Ended> =>
    runOn(machine, ['--repo', repository, ...args], { LOADS_WITH: 'build', BASE_OF_IMAGE: 'x', ...env });

  it('loads the image of a builder that leaves it in its cache', async () => {
    const { output } = await build([], { LOADS_WITH: '--load' });
    assert.match(output, /built elb-inventory:/);
    assert.match(machine.calls(), /docker build --load /);
  });

  it('exits with 10 when the builder does not load the image', async () => {
    const { code, output } = await build([], { LOADS_WITH: 'nothing' });
    assert.equal(code, 10, output);
    assert.match(
      output,
      /the builder did not load the image of .*; use another builder \(docker buildx use default\)/,
    );
  });

  it('passes the base image to docker, and rebuilds an image that has another base', async () => {
    const first = await build([], {});
    assert.match(first.output, /built/);
    assert.doesNotMatch(machine.calls(), /BASE_IMAGE/);
    for (const [args, env] of [
      [['--base-image', 'node@sha256:abc'], {}],
      [[], { BASE_IMAGE: 'node@sha256:abc' }],
    ] as const) {
      const { code, output } = await build([...args], env);
      assert.equal(code, 10, output);
      assert.match(output, /is not based on node@sha256:abc, because its Dockerfile has no ARG BASE_IMAGE/);
      assert.match(machine.calls(), /docker build .*--build-arg BASE_IMAGE=node@sha256:abc /);
    }
    const again = await build(['--base-image', 'node@sha256:abc'], { BASE_OF_IMAGE: 'node@sha256:abc' });
    assert.match(again.output, /the image of [0-9a-f]{12} exists/);
  });

  it('stops containers with an option that all versions of docker know', async () => {
    await build([], {});
    assert.match(machine.calls(), /^docker stop -t 20 elb-inventory-candidate$/m);
  });
});
