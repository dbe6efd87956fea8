import assert from 'node:assert/strict';
import type { Fault } from '../../embedded-aws/faults.ts';
import type { EmbeddedAws } from '../../embedded-aws/server.ts';
import { messageOf, type Service } from '../support/service.ts';
import { startWorld, type World } from '../support/world.ts';

const register = 'RegisterInstancesWithLoadBalancer';
const deregister = 'DeregisterInstancesFromLoadBalancer';
const describeElbs = 'DescribeLoadBalancers';

describe('The API during AWS failures', () => {
  let world: World;
  let aws: EmbeddedAws;
  let service: Service;
  beforeEach(async () => {
    world = await startWorld({}, { AWS_DEADLINE_MS: '2500', AWS_ANSWER_TIMEOUT_MS: '1000' });
    ({ aws, service } = world);
  });
  afterEach(() => world.close());

  const get = () => service.request('/elb/default-elb');
  const attach = () =>
    service.request('/elb/default-elb', { method: 'POST', body: '{"instanceId":"i-0b22a22eec53b9321"}' });
  const detach = () =>
    service.request('/elb/default-elb', { method: 'DELETE', body: '{"instanceId":"i-5203422c"}' });

  const rows: [string, Fault, () => Promise<Response>, number, RegExp][] = [
    [
      'ELB throttles a GET',
      { actions: [describeElbs], throttle: true },
      get,
      503,
      /Throttling on elasticloadbalancing:Desc/,
    ],
    [
      'EC2 throttles a GET',
      { service: 'ec2', throttle: true },
      get,
      503,
      /RequestLimitExceeded on ec2:DescribeInstances/,
    ],
    [
      'a dependency of ELB throttles a GET',
      { actions: [describeElbs], throttle: 'DependencyThrottle' },
      get,
      503,
      /DependencyThrottle/,
    ],
    ['ELB throttles a POST', { actions: [register], throttle: true }, attach, 503, /nothing was changed/],
    ['ELB throttles a DELETE', { actions: [deregister], throttle: true }, detach, 503, /nothing was changed/],
    [
      'IAM denies the ELB call of a GET',
      { refuse: true, service: 'elb' },
      get,
      502,
      /AccessDenied.*must allow elasticloadbalancing:DescribeLoadB/,
    ],
    [
      'IAM denies the EC2 call of a GET',
      { refuse: true, service: 'ec2' },
      get,
      502,
      /UnauthorizedOperation.*allow ec2:DescribeInstances/,
    ],
    [
      'IAM denies the call of a POST',
      { actions: [register], refuse: true },
      attach,
      502,
      /elasticloadbalancing:RegisterInstances/,
    ],
    [
      'IAM denies the call of a DELETE',
      { actions: [deregister], refuse: true },
      detach,
      502,
      /elasticloadbalancing:DeregisterInst/,
    ],
    ['the AWS credentials have expired', { refuse: 'ExpiredToken' }, get, 502, /ExpiredToken/],
    ['the AWS credentials are unknown', { refuse: 'InvalidClientTokenId' }, get, 502, /InvalidClientTokenId/],
    ['the AWS secret key is wrong', { refuse: 'SignatureDoesNotMatch' }, get, 502, /SignatureDoesNotMatch/],
    [
      'ELB fails with HTTP 500 during a GET',
      { status: 500, service: 'elb' },
      get,
      502,
      /InternalFailure on .*HTTP 500.*try again/,
    ],
    [
      'ELB does not respond to a GET',
      { silent: true, service: 'elb' },
      get,
      504,
      /did not respond to .*; try again/,
    ],
    [
      'EC2 does not respond to a GET',
      { silent: true, service: 'ec2' },
      get,
      504,
      /did not respond to .*; try again/,
    ],
    [
      'ELB resets the connections of a GET',
      { reset: true, service: 'elb' },
      get,
      504,
      /127\.0\.0\.1 closed the connection before/,
    ],
    [
      'ELB does not answer the checks of a POST',
      { silent: true, actions: [describeElbs] },
      attach,
      504,
      /nothing was changed/,
    ],
    [
      'ELB does not answer a POST',
      { silent: true, actions: [register] },
      attach,
      504,
      /unknown.*GET \/elb\/default-elb/,
    ],
    [
      'ELB does not answer a DELETE',
      { silent: true, actions: [deregister] },
      detach,
      504,
      /unknown.*GET \/elb\/default-elb/,
    ],
    [
      'ELB fails with HTTP 500 during a POST',
      { status: 500, actions: [register] },
      attach,
      502,
      /unknown.*GET \/elb\/default-elb/,
    ],
  ];

  for (const [what, fault, send, status, message] of rows)
    it(`returns ${status} when ${what}`, async () => {
      aws.faults.set([fault]);
      const response = await send();
      const text = await messageOf(response);
      assert.equal(response.status, status, text);
      assert.match(text, message);
      assert.equal(response.headers.has('retry-after'), status === 503 || status === 504);
      assert.ok(
        !text.includes('AKIATEST') && !text.includes('test-secret-key'),
        'the message contains a credential',
      );
    });

  for (const [what, replace] of [
    ['with a sign-in page', { body: '<html><body>Please log in.</body></html>' }],
    ['with an empty body', {}],
    ['with the response of another action', { body: '<A><B/></A>', contentType: 'text/xml' }],
  ] as const)
    for (const [method, action, instanceId] of [
      ['POST', register, 'i-0b22a22eec53b9321'],
      ['DELETE', deregister, 'i-5203422c'],
    ] as const)
      it(`reports an unknown outcome when AWS responds to a ${method} ${what}`, async () => {
        aws.faults.set([{ actions: [action], replace }]);
        for (const [path, body] of [
          ['/elb/default-elb', { instanceId }],
          ['/elb/default-elb/instances', { instanceIds: [instanceId] }],
        ] as const) {
          const response = await service.request(path, { method, body: JSON.stringify(body) });
          const text = await response.text();
          assert.ok(response.status === 502 || response.status === 207, text);
          assert.match(text, /(incomplete|did not come from AWS).*unknown.*GET \/elb\/default-elb/);
        }
      });

  it('does not return a partial list when an AWS response is truncated', async () => {
    const whole = await (await get()).text();
    aws.faults.set([{ actions: [describeElbs], cut: { at: 0.8 } }]);
    const response = await service.request('/elb/default-elb', { headers: { 'Cache-Control': 'no-cache' } });
    if (response.status === 200) assert.equal(await response.text(), whole);
    else assert.match(await messageOf(response), /DescribeLoadBalancers is incomplete/);
    const detached = await detach();
    assert.equal(detached.status, 502);
    assert.match(await messageOf(detached), /incomplete.*nothing was changed/);
  });

  it('retries a read when an AWS response is truncated', async () => {
    aws.faults.set([{ actions: [describeElbs], cut: { at: 500 }, count: 1 }]);
    assert.equal((await get()).status, 200);
  });

  for (const [what, fault] of [
    ['throttled', { throttle: true }],
    ['refused', { refuse: 'ExpiredToken' }],
  ] as const)
    it(`reports an unknown outcome when the response to a change is lost and its retry is ${what}`, async () => {
      aws.faults.set([
        { actions: [register], resetAfter: true, count: 1 },
        { actions: [register], ...fault },
      ]);
      const response = await attach();
      assert.equal(response.status, 504);
      assert.match(await messageOf(response), /unknown.*GET \/elb\/default-elb/);
      aws.faults.clear();
      assert.match(await (await get()).text(), /i-0b22a22eec53b9321/);
    });

  it('returns 504 when the AWS endpoint refuses connections', async () => {
    await aws.close();
    const response = await get();
    assert.equal(response.status, 504);
  });

  it('returns 502 with the error code from AWS when the code is unknown', async () => {
    aws.faults.set([{ refuse: 'NeverHeardOfThis', service: 'elb' }]);
    const response = await service.request('/elb/default-elb', { headers: { 'X-Request-Id': 'odd-one' } });
    assert.equal(response.status, 502);
    assert.match(await messageOf(response), /NeverHeardOfThis on .*, HTTP 400/);
    const line = await service.logged(({ requestId }) => requestId === 'odd-one');
    assert.match(JSON.stringify(line['err']), /The request was refused/);
  });

  it('returns 200 again when AWS has recovered', async () => {
    aws.faults.set([{ reset: true }]);
    assert.equal((await get()).status, 504);
    aws.faults.clear();
    // The service sends no further calls for 1 s after a failed call.
    await world.clock.pass(1000);
    assert.equal((await get()).status, 200);
  });
});
