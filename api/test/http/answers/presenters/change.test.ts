import assert from 'node:assert/strict';
import { presentChange } from '../../../../http/answers/presenters/change.ts';
import { instance, presented, undescribed } from './instances.ts';

describe('presentChange', () => {
  it('omits fields that the API does not have', () => {
    const more = { ...instance, privateIp: '10.0.0.9' };
    assert.deepEqual(presentChange(more), { message: presented });
  });

  it('adds only the given fields to the instance', () => {
    const drainingUntil = new Date('2026-11-21T15:52:13+01:00');
    assert.deepEqual(presentChange(instance, { drainingUntil, note: 'it is draining' }), {
      message: { ...presented, note: 'it is draining', drainingUntil: '2026-11-21T14:52:13.000Z' },
    });
    assert.deepEqual(presentChange(undescribed, { dryRun: true, inServiceBefore: 1, inServiceAfter: 0 }), {
      message: {
        ...{ instanceId: 'i-9a0c47d2', instanceType: 'unknown', launchDate: 'unknown' },
        ...{ dryRun: true, inServiceBefore: 1, inServiceAfter: 0 },
      },
    });
  });
});
