import assert from 'node:assert/strict';
import { presentInstances } from '../../../../http/answers/presenters/instance.ts';
import { instance, presented, undescribed } from './instances.ts';

describe('presentInstances', () => {
  it('returns the fields of the contract, with the launch date in UTC with milliseconds', () => {
    assert.deepEqual(presentInstances([instance]), { message: [presented] });
  });

  it('keeps the milliseconds of a whole second', () => {
    const { message } = presentInstances([{ ...instance, launchDate: new Date(1_700_000_000_000) }]);
    assert.equal(message[0]?.launchDate, '2023-11-14T22:13:20.000Z');
  });

  it('returns "unknown" for an instance that EC2 does not describe', () => {
    const { message } = presentInstances([undescribed]);
    assert.deepEqual(message, [{ instanceId: 'i-9a0c47d2', instanceType: 'unknown', launchDate: 'unknown' }]);
  });

  it('omits fields that the contract does not have', () => {
    const more = { ...instance, privateIp: '10.0.0.9' };
    assert.deepEqual(presentInstances([more]), { message: [presented] });
  });

  it('keeps the order', () => {
    const { message } = presentInstances([undescribed, instance]);
    assert.deepEqual(
      message.map(({ instanceId }) => instanceId),
      ['i-9a0c47d2', 'i-5203422c'],
    );
    assert.deepEqual(presentInstances([]), { message: [] });
  });
});
