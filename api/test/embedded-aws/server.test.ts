import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { startEmbeddedAws } from '../../embedded-aws/server.ts';
import { startLab } from './support.ts';

const describeElbs = { Action: 'DescribeLoadBalancers', Version: '2012-06-01' };

describe('startEmbeddedAws', () => {
  it('rejects with EADDRINUSE if the port is in use', async () => {
    const lab = await startLab();
    try {
      await assert.rejects(startEmbeddedAws({ port: lab.aws.port }), { code: 'EADDRINUSE' });
    } finally {
      await lab.close();
    }
  });

  it('closes immediately despite idle, silent and slow connections', async () => {
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
    assert.ok(performance.now() - began < 10_000, 'it waited for connections');
  });

  it('applies the latency and the region', async () => {
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

  it('returns a URL with an IPv6 host', async () => {
    const aws = await startEmbeddedAws({ host: '::1', speed: 10 });
    assert.equal(aws.url, `http://[::1]:${aws.port}`);
    assert.equal(aws.region.clock.speed, 10);
    await aws.close();
  });
});
