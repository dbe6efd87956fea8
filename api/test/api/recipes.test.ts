import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fastClock } from '../support/fast-clock.ts';
import { start } from '../support/process.ts';
import { token } from '../support/service.ts';
import { startWorldInRealTime, type World } from '../support/world.ts';

const recipes = readFileSync(new URL('../../../docs/recipes.md', import.meta.url), 'utf8');
const speed = 10;
/**
 * Shortens the pauses in the recipes. The time that the recipes measure advances as if the pauses had their full
 * length.
 */
const fastSleep = `sleep() { ((SECONDS += $1)); command sleep "0.$((10 * $1 / ${speed}))"; }`;
const functions = /```bash\n([\s\S]*?)```/.exec(recipes)?.[1] ?? '';
const [member, spare] = ['i-5203422c', 'i-0b22a22eec53b9321'];

describe('The recipes of docs/recipes.md', function () {
  this.timeout(60_000);
  let world: World;
  beforeEach(async () => {
    world = await startWorldInRealTime({}, { LOG_LEVEL: 'info' }, undefined, fastClock(speed));
  });
  afterEach(() => world.close());

  function run(command: string) {
    const env = { U: world.service.url, T: `Authorization: Basic ${token}` };
    const script = `${fastSleep}\n${functions}\n${command}`;
    return start('bash', ['-u', '-c', script], env, { isolated: true }).finished;
  }

  it('exit with 22 and print the reason when a change is refused', async () => {
    for (const [command, says] of [
      [`attach default-elb ${member}`, /already on load balancer/],
      [`drain default-elb ${spare}`, /is not on load balancer/],
      ['roll no-such-elb true', /^$/],
    ] as const) {
      const { code, output } = await run(command);
      assert.equal(code, 22, output);
      assert.match(output, command.startsWith('roll') ? /error: 404/ : says);
    }
  });

  it('exit with 75 when the time is not sufficient', async () => {
    world.aws.region.clock.setSpeed(0);
    assert.equal((await run(`attach default-elb ${spare} 1`)).code, 75);
    assert.equal((await run(`drain default-elb ${member} 1`)).code, 75);
  });

  it('wait for an attachment, even for longer than the limit of one request', async () => {
    world.aws.region.clock.setSpeed(5);
    const { code, output } = await run(`attach default-elb ${spare} 30`);
    assert.equal(code, 0, output);
    world.aws.region.clock.setSpeed(0);
    const patient = functions.replaceAll('50', '20');
    const attaching = run(`${patient}\nattach default-elb i-0c4d1e7f8a9b03562 240`);
    await world.service.logged(({ status }) => status === 202);
    world.aws.region.clock.setSpeed(5);
    const later = await attaching;
    assert.equal(later.code, 0, later.output);
    assert.match(later.output, /"condition":"registering"/);
  });

  it('print that the instance is detached if the command of roll fails, but not if the detach is refused', async () => {
    world.aws.region.clock.setSpeed(30);
    const failed = await run('roll default-elb false');
    assert.equal(failed.code, 1, failed.output);
    assert.match(
      failed.output,
      /i-5203422c is not attached to default-elb; to attach it again, run: attach default-elb i-5203422c/,
    );
    assert.deepEqual(await world.ids('default-elb'), ['i-0a4f8c3e9d1b27650', 'i-6d304aae']);
    world.aws.faults.set([{ refuse: 'AccessDenied', actions: ['DeregisterInstancesFromLoadBalancer'] }]);
    const refused = await run('roll default-elb false');
    assert.equal(refused.code, 22, refused.output);
    assert.doesNotMatch(refused.output, /is not attached to/);
  });

  for (const draining of ['drop', 'keep'] as const)
    it(`attach a draining instance when AWS ${draining}s the attachment`, async () => {
      world.aws.region.changeBehaviour({ draining });
      // Draining takes 1.5 s of real time, so that the instance is still draining when curl attaches it.
      world.aws.region.changeLoadBalancer('default-elb', { connectionDraining: { timeout: 150 } });
      world.aws.region.clock.setSpeed(10);
      world.aws.region.loadBalancer('default-elb').deregister([member]);
      const patient = functions.replaceAll('50', '5');
      const { code, output } = await run(`${patient}\nattach default-elb ${member} 120`);
      assert.equal(code, 0, output);
      assert.ok((await world.ids('default-elb')).includes(member));
    });

  it('roll through all members and stop at the first command that fails', async () => {
    world.aws.region.clock.setSpeed(30);
    const { code, output } = await run('roll default-elb echo deployed');
    assert.equal(code, 0, output);
    assert.deepEqual(output.match(/deployed i-\w+/g), [
      'deployed i-5203422c',
      'deployed i-0a4f8c3e9d1b27650',
      'deployed i-6d304aae',
    ]);
    assert.equal((await world.ids('default-elb')).length, 3);
    assert.equal((await run('roll default-elb false')).code, 1);
    assert.equal((await world.ids('default-elb')).length, 2);
  });
});
