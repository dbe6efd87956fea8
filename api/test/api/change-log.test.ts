import assert from 'node:assert/strict';
import { describeElbs, register, startWorld, type World } from '../support/world.ts';

const [member, spare, stopped] = ['i-5203422c', 'i-0b22a22eec53b9321', 'i-091aeb5c6738d523f'] as const;

describe('The request log line', () => {
  let world: World;
  beforeEach(async () => {
    world = await startWorld({}, { INVENTORY_MAX_AGE_MS: '100' });
  });
  afterEach(() => world.close());
  const lineOf = async (path: string, method: string, body?: object) => {
    const options = { method, ...(body && { body: JSON.stringify(body) }) };
    const { headers } = await world.ask(path, options);
    return world.service.logged(
      ({ msg, requestId }) => msg === 'request' && requestId === headers.get('x-request-id'),
    );
  };
  const fieldsOf = (line: Record<string, unknown>) =>
    ['elbName', 'instanceIds', 'outcomes', 'dryRun', 'force'].map((name) => line[name]);

  it('contains the error code of each refused instance', async () => {
    const single = await lineOf('/elb/default-elb', 'POST', { instanceId: stopped });
    assert.deepEqual(fieldsOf(single), [
      ...['default-elb', [stopped]],
      ...[{ [stopped]: 'instance_refused' }, false, false],
    ]);
    const many = await lineOf('/elb/no-such-elb/instances?force=true', 'DELETE', {
      instanceIds: [member, spare],
    });
    assert.deepEqual(fieldsOf(many), [
      ...['no-such-elb', [member, spare]],
      ...[{ [member]: 'elb_not_found', [spare]: 'elb_not_found' }, false, true],
    ]);
  });

  it('contains the status of each changed instance', async () => {
    const attached = await lineOf('/elb/default-elb', 'POST', { instanceId: spare });
    assert.deepEqual(fieldsOf(attached), ['default-elb', [spare], { [spare]: 201 }, false, false]);
    const dry = await lineOf(`/elb/default-elb?instanceId=${spare}&dryRun=true`, 'DELETE');
    assert.deepEqual(fieldsOf(dry), ['default-elb', [spare], { [spare]: 200 }, true, false]);
    const waiting = await lineOf(`/elb/default-elb?instanceId=${member}&wait=drained&timeout=1`, 'DELETE');
    assert.deepEqual(fieldsOf(waiting), ['default-elb', [member], { [member]: 202 }, false, false]);
  });

  it('contains one outcome for each instance of a batch, the first for a repeated instance', async () => {
    const named = [spare, member, 'nonsense', stopped, spare];
    const line = await lineOf('/elb/default-elb/instances', 'POST', { instanceIds: named });
    assert.equal(line['status'], 207);
    assert.deepEqual(line['outcomes'], {
      [spare]: 201,
      [member]: 'instance_already_attached',
      [stopped]: 'instance_refused',
    });
  });

  for (const [code, level] of [
    ['InvalidInstance', 30],
    ['ValidationError', 50],
    ['Throttling', 50],
  ] as const)
    it(`contains the request ids and, for a 5xx, the cause for a batch as for a single change when AWS returns ${code}`, async () => {
      world.aws.faults.set([{ actions: [register], refuse: code }]);
      const lines = [
        await lineOf('/elb/default-elb', 'POST', { instanceId: spare }),
        await lineOf('/elb/default-elb/instances', 'POST', { instanceIds: [spare] }),
      ];
      for (const { level: logged, err, awsRequestIds } of lines) {
        assert.equal((awsRequestIds as string[]).length, 3);
        assert.equal(logged, level);
        assert.equal((err as { stack: string } | undefined)?.stack.includes(code), level === 50 || undefined);
      }
    });

  it('has no outcomes for a read and marks a stale response', async () => {
    await world.ids('default-elb');
    world.aws.faults.set([{ actions: [describeElbs], throttle: true }]);
    await world.eventually(async () => {
      const line = await lineOf('/elb/default-elb', 'GET');
      assert.equal(line['outcomes'], undefined);
      return line['cache'] === 'stale';
    }, 'a log line has cache: stale');
  });
});
