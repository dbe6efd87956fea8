import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { startEmbeddedAws } from '../../embedded-aws/server.ts';
import { startLab } from './support.ts';

const describeElbs = { Action: 'DescribeLoadBalancers', Version: '2012-06-01' };

describe('the server of the embedded AWS', () => {
  it('says that a port is taken', async () => {
    const lab = await startLab();
    try {
      await assert.rejects(startEmbeddedAws({ port: lab.aws.port }), { code: 'EADDRINUSE' });
    } finally {
      await lab.close();
    }
  });

  it('closes at once with idle, silent, late and kept connections open', async () => {
    const lab = await startLab({ latencyMs: 60_000 });
    const idle = connect(lab.aws.port, '127.0.0.1');
    await once(idle, 'connect');
    const cut = once(idle, 'close');
    const late = lab.call('elasticloadbalancing', describeElbs).catch((error: unknown) => error);
    await lab.control('PUT', '/faults', { faults: [{ silent: true }] });
    const silent = lab.call('elasticloadbalancing', describeElbs).catch((error: unknown) => error);
    await lab.control('GET', '/calls');
    const began = performance.now();
    await lab.close();
    await Promise.all([cut, late, silent]);
    assert.ok(performance.now() - began < 10_000, 'it waited for nobody');
  });

  it('takes the latency for every call, and another region’s name', async () => {
    const lab = await startLab({ latencyMs: 40, region: 'eu-west-1' });
    try {
      const began = performance.now();
      const { text } = await lab.call('elasticloadbalancing', describeElbs);
      assert.ok(performance.now() - began >= 38);
      assert.match(text, /SignatureDoesNotMatch/);
      const { spec } = lab.aws.region.loadBalancer('default-elb');
      assert.deepEqual(spec.availabilityZones, ['eu-west-1a', 'eu-west-1b', 'eu-west-1c']);
    } finally {
      await lab.close();
    }
  });

  it('writes an IPv6 host into its address', async () => {
    const aws = await startEmbeddedAws({ host: '::1', speed: 10 });
    assert.equal(aws.url, `http://[::1]:${aws.port}`);
    assert.equal(aws.region.clock.speed, 10);
    await aws.close();
  });
});
