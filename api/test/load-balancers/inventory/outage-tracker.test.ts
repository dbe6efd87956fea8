import assert from 'node:assert/strict';
import { OutageTracker } from '../../../load-balancers/inventory/outage-tracker.ts';
import { recordingLogger } from '../../support/scripted-gateway.ts';

describe('Outage', () => {
  it('warns once however often it fails, and tells its end once', () => {
    const { logger, lines } = recordingLogger();
    const outage = new OutageTracker('load balancers', logger);
    outage.end();
    for (let n = 0; n < 3; n++) outage.begin(new Error('throttled'));
    outage.end();
    outage.end();
    assert.deepEqual(lines, [
      'warn: AWS does not tell of load balancers: what is known of them is served as long as it may be',
      'info: AWS tells of load balancers again',
    ]);
    outage.begin(new Error('reset'));
    assert.equal(lines.length, 3);
  });

  it('knows the last reason, and none once it is over', () => {
    const outage = new OutageTracker('instances', recordingLogger().logger);
    assert.equal(outage.error, undefined);
    const last = new Error('last');
    outage.begin(new Error('first'));
    outage.begin(last);
    assert.equal(outage.error, last);
    outage.end();
    assert.equal(outage.error, undefined);
  });
});
