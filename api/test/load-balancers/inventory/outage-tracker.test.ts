import assert from 'node:assert/strict';
import { OutageTracker } from '../../../load-balancers/inventory/outage-tracker.ts';
import { recordingLogger } from '../../support/scripted-gateway.ts';

describe('OutageTracker', () => {
  it('logs the first failure and the recovery, once each', () => {
    const { logger, lines } = recordingLogger();
    const outage = new OutageTracker('DescribeLoadBalancers', logger);
    outage.succeeded();
    for (let n = 0; n < 3; n++) outage.failed(new Error('throttled'));
    outage.succeeded();
    outage.succeeded();
    assert.deepEqual(lines, [
      'warn: DescribeLoadBalancers is failing; serving cached data',
      'info: DescribeLoadBalancers has recovered',
    ]);
    outage.failed(new Error('reset'));
    assert.equal(lines.length, 3);
  });

  it('has the last error until a call succeeds', () => {
    const outage = new OutageTracker('DescribeInstances', recordingLogger().logger);
    assert.equal(outage.error, undefined);
    const last = new Error('last');
    outage.failed(new Error('first'));
    outage.failed(last);
    assert.equal(outage.error, last);
    outage.succeeded();
    assert.equal(outage.error, undefined);
  });
});
