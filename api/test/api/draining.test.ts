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
  describe(`An attachment while the instance drains, where AWS may ${draining} it`, () => {
    let world: World;
    beforeEach(async () => {
      world = await startWorld({ behaviour: { draining } });
    });
    afterEach(() => world.close());

    const post = async (path: string, body: object) => {
      const answer = await world.ask(path, { method: 'POST', body: JSON.stringify(body) });
      return { status: answer.status, message: (JSON.parse(answer.body) as { message: unknown }).message };
    };
    /** The load balancers of the sample drain for 20 s. */
    const endsIn20s = (text: string | undefined) => {
      const leftMs = Date.parse(text ?? '') - world.clock.epochMs();
      assert.ok(leftMs > 0 && leftMs <= 20_000, `${text ?? 'no end'} is ${leftMs} ms ahead`);
    };

    it('is not noted where the instance has no connection left', async () => {
      await world.detach('default-elb', member);
      world.aws.region.advance(60);
      const { status, message } = await post('/elb/default-elb', { instanceId: member });
      assert.equal(status, 201);
      assert.deepEqual(Object.keys(message as Change), ['instanceId', 'instanceType', 'launchDate']);
    });

    it('costs no further call of AWS where the instance was not detached before', async () => {
      const { status, message } = await post('/elb/default-elb', { instanceId: spare });
      assert.equal(status, 201);
      assert.equal((message as Change).note, undefined);
      assert.deepEqual([world.calls(describeHealth), world.calls('DescribeLoadBalancerAttributes')], [0, 0]);
    });

    it('is announced by a dry run, with the end of the draining', async () => {
      await world.detach('default-elb', member);
      const { status, message } = await post('/elb/default-elb?dryRun=true', { instanceId: member });
      assert.equal(status, 200);
      const { note, drainingUntil } = message as Change;
      endsIn20s(drainingUntil);
      assert.equal(
        note,
        `${member} would be attached to default-elb; nothing was changed; its connections from an earlier ` +
          `membership are still draining until ${drainingUntil ?? ''} at the latest`,
      );
      assert.deepEqual(await world.ids('default-elb'), ['i-0a4f8c3e9d1b27650', 'i-6d304aae']);
    });

    it('is noted in the 201, with the end of the draining', async () => {
      await world.detach('default-elb', member);
      const { status, message } = await post('/elb/default-elb', { instanceId: member });
      assert.equal(status, 201);
      const { note, drainingUntil } = message as Change;
      endsIn20s(drainingUntil);
      assert.match(
        note!,
        /was attached to default-elb, and its connections .* are still draining.*; AWS may end the new membership/,
      );
      assert.ok((await world.ids('default-elb')).includes(member));
    });

    it('is noted for the draining instance alone in a batch and in its dry run', async () => {
      await world.detach('default-elb', member);
      const instanceIds = [member, spare];
      const dryRun = await post('/elb/default-elb/instances?dryRun=true', { instanceIds });
      const sentences = (dryRun.message as { message: string }[]).map(({ message }) => message);
      assert.match(sentences[0]!, /; its connections from an earlier membership are still draining until /);
      assert.equal(sentences[1], `${spare} would be attached to default-elb; nothing was changed`);
      const { status, message } = await post('/elb/default-elb/instances', { instanceIds });
      assert.equal(status, 207);
      const [first, second] = (message as { message: Change }[]).map((outcome) => outcome.message);
      endsIn20s(first?.drainingUntil);
      assert.equal(second?.drainingUntil, undefined);
    });

    it('is noted without an end where AWS does not give the time-out of the draining', async () => {
      await world.detach('default-elb', member);
      world.aws.faults.set([{ actions: ['DescribeLoadBalancerAttributes'], refuse: true }]);
      const { status, message } = await post('/elb/default-elb', { instanceId: member });
      assert.equal(status, 201);
      const { note, drainingUntil } = message as Change;
      assert.match(note!, /its connections from an earlier membership are still draining; AWS may end/);
      assert.equal(drainingUntil, undefined);
    });
  });
