import assert from 'node:assert/strict';
import { describeHealth, startWorld, type World } from '../support/world.ts';

const member = 'i-5203422c';
const spare = 'i-0b22a22eec53b9321';

interface Change {
  readonly instanceId: string;
  readonly note?: string;
  readonly drainingUntil?: string;
}

for (const draining of ['keep', 'drop'] as const)
  describe(`Attaching a draining instance when AWS ${draining}s the attachment`, () => {
    let world: World;
    beforeEach(async () => {
      world = await startWorld({ behaviour: { draining } });
    });
    afterEach(() => world.close());

    const post = async (path: string, body: object) => {
      const answer = await world.ask(path, { method: 'POST', body: JSON.stringify(body) });
      return { status: answer.status, message: (JSON.parse(answer.body) as { message: unknown }).message };
    };
    /**
     * Asserts that the time is at most 20 s in the future, which is the draining timeout of the sample load balancers.
     */
    const assertEndsIn20s = (text: string | undefined) => {
      const leftMs = Date.parse(text ?? '') - world.clock.epochMs();
      assert.ok(leftMs > 0 && leftMs <= 20_000, `${text ?? 'drainingUntil is missing'}: ${leftMs} ms ahead`);
    };

    it('returns no note when draining has ended', async () => {
      await world.detach('default-elb', member);
      world.aws.region.clock.advance(60);
      const { status, message } = await post('/elb/default-elb', { instanceId: member });
      assert.equal(status, 201);
      assert.deepEqual(Object.keys(message as Change), ['instanceId', 'instanceType', 'launchDate']);
    });

    it('sends no further AWS calls when the instance was not detached before', async () => {
      const { status, message } = await post('/elb/default-elb', { instanceId: spare });
      assert.equal(status, 201);
      assert.equal((message as Change).note, undefined);
      assert.deepEqual([world.calls(describeHealth), world.calls('DescribeLoadBalancerAttributes')], [0, 0]);
    });

    it('returns a note and the end of draining in a dry run', async () => {
      await world.detach('default-elb', member);
      const { status, message } = await post('/elb/default-elb?dryRun=true', { instanceId: member });
      assert.equal(status, 200);
      const { note, drainingUntil } = message as Change;
      assertEndsIn20s(drainingUntil);
      assert.equal(
        note,
        `${member} would be attached to default-elb; nothing was changed; its connections from an earlier ` +
          `attachment are still draining until ${drainingUntil ?? ''} at the latest`,
      );
      assert.deepEqual(await world.ids('default-elb'), ['i-0a4f8c3e9d1b27650', 'i-6d304aae']);
    });

    it('returns 201 with a note and the end of draining', async () => {
      await world.detach('default-elb', member);
      const { status, message } = await post('/elb/default-elb', { instanceId: member });
      assert.equal(status, 201);
      const { note, drainingUntil } = message as Change;
      assertEndsIn20s(drainingUntil);
      assert.match(
        note!,
        /was attached to default-elb, and its connections .* are still draining.*; AWS may deregister it/,
      );
      assert.ok((await world.ids('default-elb')).includes(member));
    });

    it('returns a note only for the draining instance of a batch', async () => {
      await world.detach('default-elb', member);
      const instanceIds = [member, spare];
      const dryRun = await post('/elb/default-elb/instances?dryRun=true', { instanceIds });
      const messages = (dryRun.message as { message: string }[]).map(({ message }) => message);
      assert.match(messages[0]!, /; its connections from an earlier attachment are still draining until /);
      assert.equal(messages[1], `${spare} would be attached to default-elb; nothing was changed`);
      const { status, message } = await post('/elb/default-elb/instances', { instanceIds });
      assert.equal(status, 207);
      const [first, second] = (message as { message: Change }[]).map((outcome) => outcome.message);
      assertEndsIn20s(first?.drainingUntil);
      assert.equal(second?.drainingUntil, undefined);
    });

    it('returns a note without the end of draining when AWS refuses to return the timeout', async () => {
      await world.detach('default-elb', member);
      world.aws.faults.set([{ actions: ['DescribeLoadBalancerAttributes'], refuse: true }]);
      const { status, message } = await post('/elb/default-elb', { instanceId: member });
      assert.equal(status, 201);
      const { note, drainingUntil } = message as Change;
      assert.match(
        note!,
        /its connections from an earlier attachment are still draining; AWS may deregister it/,
      );
      assert.equal(drainingUntil, undefined);
    });
  });
