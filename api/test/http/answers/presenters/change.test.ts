import assert from 'node:assert/strict';
import { presentChange } from '../../../../http/answers/presenters/change.ts';
import { presentInstances } from '../../../../http/answers/presenters/instance.ts';
import { presentText } from '../../../../http/answers/presenters/text.ts';
import { type MachineInfo, parseInstanceId } from '../../../../load-balancers/instance.ts';

const machine: MachineInfo = {
  instanceId: parseInstanceId('i-5203422c')!,
  instanceType: 't1.micro',
  launchDate: new Date('2016-08-29T11:12:33.001+02:00'),
};
const presented = {
  instanceId: 'i-5203422c',
  instanceType: 't1.micro',
  launchDate: '2016-08-29T09:12:33.001Z',
};
const forgotten: MachineInfo = {
  instanceId: parseInstanceId('i-9a0c47d2')!,
  instanceType: undefined,
  launchDate: undefined,
};

describe('Presenters', () => {
  it('shape a machine as the contract does, its date in UTC with milliseconds', () => {
    assert.deepEqual(presentInstances([machine]), { message: [presented] });
  });
  it('keep the milliseconds of a whole second', () => {
    const { message } = presentInstances([{ ...machine, launchDate: new Date(1_700_000_000_000) }]);
    assert.equal(message[0]?.launchDate, '2023-11-14T22:13:20.000Z');
  });
  it('say "unknown" of what EC2 no longer describes', () => {
    const { message } = presentInstances([forgotten]);
    assert.deepEqual(message, [{ instanceId: 'i-9a0c47d2', instanceType: 'unknown', launchDate: 'unknown' }]);
  });
  it('show nothing beside what the contract has', () => {
    const more = { ...machine, privateIp: '10.0.0.9' };
    assert.deepEqual(presentInstances([more]), { message: [presented] });
    assert.deepEqual(presentChange(more), { message: presented });
  });
  it('keep the order of several', () => {
    const { message } = presentInstances([forgotten, machine]);
    assert.deepEqual(
      message.map(({ instanceId }) => instanceId),
      ['i-9a0c47d2', 'i-5203422c'],
    );
    assert.deepEqual(presentInstances([]), { message: [] });
  });
  it('add to a change what there is to add, and nothing else', () => {
    const drainingUntil = new Date('2026-11-21T15:52:13+01:00');
    assert.deepEqual(presentChange(machine, { drainingUntil, note: 'it still drains' }), {
      message: { ...presented, note: 'it still drains', drainingUntil: '2026-11-21T14:52:13.000Z' },
    });
    assert.deepEqual(presentChange(forgotten, { dryRun: true, inServiceBefore: 1, inServiceAfter: 0 }), {
      message: {
        ...{ instanceId: 'i-9a0c47d2', instanceType: 'unknown', launchDate: 'unknown' },
        ...{ dryRun: true, inServiceBefore: 1, inServiceAfter: 0 },
      },
    });
  });
  it('envelope a sentence', () => {
    assert.deepEqual(presentText('ok'), { message: 'ok' });
  });
});
