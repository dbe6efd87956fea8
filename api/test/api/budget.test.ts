import assert from 'node:assert/strict';
import {
  deregister,
  describeElbs,
  describeInstances,
  noCache,
  register,
  startWorld,
  type World,
} from '../support/world.ts';

const [member, stranger] = ['i-5203422c', 'i-0b22a22eec53b9321'] as const;
const path = '/elb/default-elb';

describe('The budget of AWS calls', () => {
  let world: World;
  afterEach(() => world.close());

  /** Runs callers that read fresh lists one after another. Returns the statuses of all responses. */
  async function storm(callers: number, forMs: number, paths = [path]): Promise<number[]> {
    const statuses: number[] = [];
    const until = world.clock.now() + forMs;
    const caller = async (n: number) => {
      while (world.clock.now() < until)
        statuses.push((await world.ask(paths[n % paths.length]!, { headers: noCache })).status);
    };
    await Promise.all(Array.from({ length: callers }, (_, n) => caller(n)));
    return statuses;
  }

  it('causes a 503 with Retry-After for a request that cannot get a call before its deadline', async () => {
    const env = { AWS_ELB_READS_PER_SECOND: '1', AWS_DEADLINE_MS: '4000' };
    world = await startWorld({ elbs: 23 }, env);
    // Changes of load balancers that are not cached would share one read of the region.
    await world.ids('default-elb');
    world.aws.resetCalls();
    const began = world.clock.now();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => world.attach(`elb-${String(n + 1).padStart(4, '0')}`, stranger)),
    );
    const refused = answers.filter(({ status }) => status === 503);
    // The calls of one second and two reserved calls can be made immediately, then one call per second.
    const most = 4 + (world.clock.now() - began) / 1000;
    assert.ok(refused.length >= 20 - most && refused.length < 20, `${refused.length} were refused`);
    for (const { body, headers } of refused) {
      assert.match(body, /this service's budget for load balancer reads is exhausted; nothing was changed/);
      assert.match(headers.get('retry-after')!, /^\d+$/);
    }
    assert.ok(answers.every(({ status }) => status === 503 || status === 201));
    assert.ok(world.calls(describeElbs) <= most, `${world.calls(describeElbs)} calls, at most ${most}`);
  });

  it('leaves a share for reads while changes of many load balancers use the rest', async () => {
    const env = { AWS_ELB_READS_PER_SECOND: '2', AWS_DEADLINE_MS: '8000' };
    world = await startWorld({ elbs: 23 }, env);
    await world.ids('default-elb');
    let over = false;
    const changes = Array.from({ length: 20 }, async (_, n) => {
      while (!over) {
        await world.detach(`elb-${String(n + 1).padStart(4, '0')}`, stranger);
        await world.clock.pass(500);
      }
    });
    await world.clock.pass(500);
    const answers = [await world.ask(path, { headers: noCache }), await world.ask(`${path}/health`)];
    over = true;
    await Promise.all(changes);
    for (const { status, body } of answers) assert.equal(status, 200, body);
  });

  it('is not exhausted by dry runs for load balancers that do not exist', async () => {
    world = await startWorld();
    await world.ids('default-elb');
    world.aws.resetCalls();
    const began = world.clock.now();
    const answers = await Promise.all(
      Array.from({ length: 25 }, (_, n) =>
        world.ask(`/elb/none-${n}?dryRun=true`, {
          method: 'POST',
          body: JSON.stringify({ instanceId: stranger }),
        }),
      ),
    );
    assert.ok(answers.every(({ status }) => status === 404));
    const most = 3 + 5 * ((world.clock.now() - began) / 1000);
    assert.ok(world.calls(describeElbs) <= most, `${world.calls(describeElbs)} calls`);
    assert.equal((await world.ask(`${path}/health`)).status, 200);
  });

  it('is not exceeded by concurrent reads of fresh lists, which all succeed', async () => {
    world = await startWorld({ rateLimits: true, latencyMs: 40 });
    const began = world.clock.now();
    const statuses = await storm(10, 1500);
    const seconds = (world.clock.now() - began) / 1000;
    const { actions, throttled } = world.aws.calls();
    assert.ok(statuses.every((status) => status === 200));
    assert.equal(throttled, 0);
    // The calls of one second can be made immediately; two more calls are reserved for changes.
    const most = 5 * (seconds + 1) + 2;
    assert.ok(actions[describeElbs]!.calls <= most, `${actions[describeElbs]!.calls} calls, at most ${most}`);
    assert.equal(actions[describeElbs]!.maxInFlight, 1);
    assert.ok(actions[describeInstances]!.calls <= 10 * (seconds + 1));
    assert.ok(actions[describeInstances]!.maxInFlight <= 4);
  });

  it('is used for one call to EC2 for all waiting reads, even of different load balancers', async () => {
    world = await startWorld({ rateLimits: true, latencyMs: 40, elbs: 23, instances: 225 });
    const paths = Array.from({ length: 20 }, (_, n) => `/elb/elb-${String(n + 1).padStart(4, '0')}`);
    const statuses = await storm(20, 1000, paths);
    assert.ok(statuses.every((status) => status === 200));
    assert.ok(
      world.calls(describeInstances) < statuses.length / 2,
      `${world.calls(describeInstances)} calls for ${statuses.length} answers`,
    );
    assert.equal(world.aws.calls().throttled, 0);
  });

  it('has a reserve for the preconditions of changes, so that changes succeed under load', async () => {
    world = await startWorld({ rateLimits: true, latencyMs: 40 });
    const load = storm(15, 1200);
    await world.clock.pass(700);
    assert.equal((await world.attach('default-elb', stranger)).status, 201);
    assert.equal((await world.detach('default-elb', stranger)).status, 201);
    await load;
  });

  it('allows no call to ELB after ELB throttled one, and still allows calls to EC2', async () => {
    world = await startWorld();
    await world.ids('default-elb');
    world.aws.resetCalls();
    world.aws.faults.set([{ actions: [describeElbs], throttle: 'DependencyThrottle', count: 1 }]);
    const first = await world.ask(path, { headers: noCache });
    assert.equal(first.status, 503);
    assert.match(first.body, /DependencyThrottle/);
    const others = await Promise.all([
      ...Array.from({ length: 10 }, () => world.ask(path, { headers: noCache })),
      world.attach('default-elb', stranger),
      world.detach('default-elb', member),
    ]);
    assert.ok(others.every(({ status, headers }) => status === 503 && headers.has('retry-after')));
    assert.equal(world.calls(describeElbs), 1);
    await world.eventually(() => world.calls(describeInstances) >= 1, 'the changes call EC2');
  });

  it('allows the retry of a detach, which returns 201 if the first response was lost and AWS refuses the retry', async () => {
    world = await startWorld();
    world.aws.faults.set([{ actions: [deregister], resetAfter: true, count: 1 }]);
    assert.equal((await world.detach('default-elb', member)).status, 201);
    assert.equal(world.calls(deregister), 2);
    assert.ok(!(await world.ids('default-elb')).includes(member));
  });

  it('allows the retry of an attach, which returns 201 if the first response was lost and adds the instance once', async () => {
    world = await startWorld();
    world.aws.faults.set([{ actions: [register], resetAfter: true, count: 1 }]);
    assert.equal((await world.attach('default-elb', stranger)).status, 201);
    assert.equal((await world.ids('default-elb')).filter((id) => id === stranger).length, 1);
    assert.equal(world.calls(register), 2);
  });
});
