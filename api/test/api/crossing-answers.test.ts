import assert from 'node:assert/strict';
import { startAwsProxy } from '../support/aws-proxy.ts';
import type { LocalServer } from '../support/local-server.ts';
import { seededRandom } from '../support/random.ts';
import { deregister, idsOf, register, startWorld, type World } from '../support/world.ts';

const [member, stranger] = ['i-5203422c', 'i-0b22a22eec53b9321'] as const;
const seed = 1;
const [callers, changesOfCaller, longestDelayMs] = [8, 4, 40];

describe('Responses from AWS in a different order from the calls', () => {
  let world: World;
  let proxy: LocalServer;
  /** Returns the delay of a request and of its response, in milliseconds. */
  let delays: (body: string) => [number, number];
  beforeEach(async () => {
    delays = () => [0, 0];
    world = await startWorld({ instances: 60 }, { AWS_ELB_READS_PER_SECOND: '1000' }, async (aws) => {
      proxy = await startAwsProxy(aws.url, async (send, body) => {
        const [requestMs, answerMs] = delays(body);
        await world.clock.pass(requestMs);
        const answer = await send();
        await world.clock.pass(answerMs);
        return answer;
      });
      return proxy.url;
    });
    await world.ids('default-elb');
  });
  afterEach(async () => {
    await world.close();
    proxy.close();
  });

  it('do not restore a detached instance in lists, health, counts or preconditions', async () => {
    let registered: () => void = () => undefined;
    const atAws = new Promise<void>((resolve) => (registered = resolve));
    delays = (body) => {
      if (!body.includes(register)) return [0, 0];
      setTimeout(registered, 50);
      return [0, 400];
    };
    const attach = world.attach('default-elb', stranger);
    await atAws;
    assert.equal((await world.detach('default-elb', member)).status, 201);
    assert.ok(!(await world.ids('default-elb')).includes(member), 'before the response to the attach');
    assert.equal((await attach).status, 201);
    const ids = await world.ids('default-elb');
    assert.ok(!ids.includes(member) && ids.includes(stranger), ids.join());
    assert.equal((await world.detach('default-elb', member)).status, 409);
    const { body } = await world.ask('/elb');
    const [elb] = (
      JSON.parse(body) as { message: { elbName: string; instanceCount?: number }[] }
    ).message.filter(({ elbName }) => elbName === 'default-elb');
    assert.match(JSON.stringify(elb), new RegExp(`:${ids.length}\\b`));
    const health = await world.ask('/elb/default-elb/health');
    assert.ok(idsOf(health).includes(stranger));
  });

  it('do not restore a detached instance when Register is sent after Deregister and reaches AWS before it', async () => {
    let sent: () => void = () => undefined;
    const detaching = new Promise<void>((resolve) => (sent = resolve));
    delays = (body) => {
      if (body.includes(register)) return [0, 500];
      if (!body.includes(deregister)) return [0, 0];
      sent();
      return [300, 0];
    };
    const detach = world.detach('default-elb', member);
    await detaching;
    const attach = world.attach('default-elb', stranger);
    assert.equal((await detach).status, 201);
    assert.equal((await attach).status, 201);
    const ids = await world.ids('default-elb');
    assert.ok(!ids.includes(member) && ids.includes(stranger), ids.join());
  });

  it('leave every list as the completed changes made it', async () => {
    const random = seededRandom(seed);
    delays = () => [random() * longestDelayMs, random() * longestDelayMs];
    const known = new Set(await world.ids('default-elb'));
    const instances = world.aws.region.instances();
    const { vpcId } = instances.find(({ instanceId }) => instanceId === member)!;
    const spare = instances.filter(
      (one) => one.state === 'running' && one.vpcId === vpcId && !known.has(one.instanceId),
    );
    const caller = async (n: number) => {
      const { instanceId } = spare[n]!;
      for (let change = 0; change < changesOfCaller; change++) {
        const isMember = change % 2 === 0;
        const { status, body } = await (isMember
          ? world.attach('default-elb', instanceId)
          : world.detach('default-elb', instanceId));
        assert.equal(status, 201, body);
        const ids = await world.ids('default-elb');
        assert.equal(ids.includes(instanceId), isMember, `change ${change} of caller ${n}, seed ${seed}`);
      }
    };
    await Promise.all(Array.from({ length: callers }, (_, n) => caller(n)));
  });
});
