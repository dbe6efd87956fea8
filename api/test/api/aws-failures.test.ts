import assert from 'node:assert/strict';
import type { Fault } from '../../embedded-aws/faults.ts';
import type { EmbeddedAws } from '../../embedded-aws/server.ts';
import { messageOf, type Service } from '../support/service.ts';
import { startWorld, type World } from '../support/world.ts';

const register = 'RegisterInstancesWithLoadBalancer';
const deregister = 'DeregisterInstancesFromLoadBalancer';
const describeElbs = 'DescribeLoadBalancers';

describe('When AWS fails', () => {
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
      'GET is throttled by ELB',
      { actions: [describeElbs], throttle: true },
      get,
      503,
      /Throttling on elasticloadbalancing:Desc/,
    ],
    [
      'GET is throttled by EC2',
      { service: 'ec2', throttle: true },
      get,
      503,
      /RequestLimitExceeded on ec2:DescribeInstances/,
    ],
    [
      'GET is throttled behind ELB',
      { actions: [describeElbs], throttle: 'DependencyThrottle' },
      get,
      503,
      /DependencyThrottle/,
    ],
    ['POST is throttled', { actions: [register], throttle: true }, attach, 503, /nothing was changed/],
    ['DELETE is throttled', { actions: [deregister], throttle: true }, detach, 503, /nothing was changed/],
    [
      'GET is not allowed by IAM',
      { refuse: true, service: 'elb' },
      get,
      502,
      /AccessDenied.*must allow elasticloadbalancing:DescribeLoadB/,
    ],
    [
      'GET is not allowed by IAM in EC2',
      { refuse: true, service: 'ec2' },
      get,
      502,
      /UnauthorizedOperation.*allow ec2:DescribeInstances/,
    ],
    [
      'POST is not allowed by IAM',
      { actions: [register], refuse: true },
      attach,
      502,
      /elasticloadbalancing:RegisterInstances/,
    ],
    [
      'DELETE is not allowed by IAM',
      { actions: [deregister], refuse: true },
      detach,
      502,
      /elasticloadbalancing:DeregisterInst/,
    ],
    ['GET has expired credentials', { refuse: 'ExpiredToken' }, get, 502, /ExpiredToken/],
    ['GET has unknown credentials', { refuse: 'InvalidClientTokenId' }, get, 502, /InvalidClientTokenId/],
    ['GET has a wrong secret', { refuse: 'SignatureDoesNotMatch' }, get, 502, /SignatureDoesNotMatch/],
    [
      'GET meets a failure of AWS',
      { status: 500, service: 'elb' },
      get,
      502,
      /InternalFailure on .*HTTP 500.*try again/,
    ],
    ['GET is not answered', { silent: true, service: 'elb' }, get, 504, /did not (answer|tell).*; try again/],
    [
      'GET is not answered by EC2',
      { silent: true, service: 'ec2' },
      get,
      504,
      /did not (answer|tell).*; try again/,
    ],
    [
      'GET has its connections reset',
      { reset: true, service: 'elb' },
      get,
      504,
      /127\.0\.0\.1 closed the connection before/,
    ],
    [
      'POST is not answered before the change',
      { silent: true, actions: [describeElbs] },
      attach,
      504,
      /nothing was changed/,
    ],
    [
      'POST is not answered',
      { silent: true, actions: [register] },
      attach,
      504,
      /unknown.*GET \/elb\/default-elb/,
    ],
    [
      'DELETE is not answered',
      { silent: true, actions: [deregister] },
      detach,
      504,
      /unknown.*GET \/elb\/default-elb/,
    ],
    [
      'POST meets a failure of AWS',
      { status: 500, actions: [register] },
      attach,
      502,
      /unknown.*GET \/elb\/default-elb/,
    ],
  ];

  for (const [what, fault, send, status, message] of rows)
    it(`answers ${status} when ${what}`, async () => {
      aws.faults.set([fault]);
      const response = await send();
      const text = await messageOf(response);
      assert.equal(response.status, status, text);
      assert.match(text, message);
      assert.equal(response.headers.has('retry-after'), status === 503 || status === 504);
      assert.ok(!text.includes('AKIATEST') && !text.includes('test-secret-key'), 'a secret is told');
    });

  for (const [what, replace] of [
    ['a sign-in page', { body: '<html><body>Please log in.</body></html>' }],
    ['an empty answer', {}],
    ['an answer to another action', { body: '<A><B/></A>', contentType: 'text/xml' }],
  ] as const)
    for (const [method, action, instanceId] of [
      ['POST', register, 'i-0b22a22eec53b9321'],
      ['DELETE', deregister, 'i-5203422c'],
    ] as const)
      it(`says that the outcome is unknown when a ${method} is answered by ${what}`, async () => {
        aws.faults.set([{ actions: [action], replace }]);
        for (const [path, body] of [
          ['/elb/default-elb', { instanceId }],
          ['/elb/default-elb/instances', { instanceIds: [instanceId] }],
        ] as const) {
          const response = await service.request(path, { method, body: JSON.stringify(body) });
          const text = await response.text();
          assert.ok(response.status === 502 || response.status === 207, text);
          assert.match(text, /(incomplete|other than AWS).*unknown.*GET \/elb\/default-elb/);
        }
      });

  it('serves no list that lacks members of an answer that was cut', async () => {
    const whole = await (await get()).text();
    aws.faults.set([{ actions: [describeElbs], cut: { at: 0.8 } }]);
    const response = await service.request('/elb/default-elb', { headers: { 'Cache-Control': 'no-cache' } });
    if (response.status === 200) assert.equal(await response.text(), whole);
    else assert.match(await messageOf(response), /DescribeLoadBalancers is incomplete/);
    const detached = await detach();
    assert.equal(detached.status, 502);
    assert.match(await messageOf(detached), /incomplete.*nothing was changed/);
  });

  it('reads once more after an answer that was cut', async () => {
    aws.faults.set([{ actions: [describeElbs], cut: { at: 500 }, count: 1 }]);
    assert.equal((await get()).status, 200);
  });

  for (const [what, fault] of [
    ['throttled', { throttle: true }],
    ['refused', { refuse: 'ExpiredToken' }],
  ] as const)
    it(`does not call a change undone whose answer was lost and whose repetition is ${what}`, async () => {
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

  it('answers 504 when there is nobody at the endpoint', async () => {
    await aws.close();
    const response = await get();
    assert.equal(response.status, 504);
  });

  it('answers 502 with the code that AWS answered with, whatever that is', async () => {
    aws.faults.set([{ refuse: 'NeverHeardOfThis', service: 'elb' }]);
    const response = await service.request('/elb/default-elb', { headers: { 'X-Request-Id': 'odd-one' } });
    assert.equal(response.status, 502);
    assert.match(await messageOf(response), /NeverHeardOfThis on .*, HTTP 400/);
    const line = await service.logged(({ requestId }) => requestId === 'odd-one');
    assert.match(JSON.stringify(line['err']), /The request was refused/);
  });

  it('goes on once AWS is back', async () => {
    aws.faults.set([{ reset: true }]);
    assert.equal((await get()).status, 504);
    aws.faults.clear();
    // Failed calls keep others away for a second.
    await world.clock.pass(1000);
    assert.equal((await get()).status, 200);
  });
});
