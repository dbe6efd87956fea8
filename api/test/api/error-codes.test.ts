import assert from 'node:assert/strict';
import { type RequestOptions, describeElbs, startWorld, type World } from '../support/world.ts';

const [member, spare, terminated] = ['i-5203422c', 'i-0b22a22eec53b9321', 'i-0a2bfc6d7849e6340'];
const body = (instanceId: string) => JSON.stringify({ instanceId });

/** `ask` also checks each code against swagger.yaml. */
describe('The Error-Code header', () => {
  let world: World;
  before(async () => {
    world = await startWorld({}, { PROTECT_LAST_IN_SERVICE: 'true' });
  });
  after(() => world.close());

  const failures: [path: string, request: RequestOptions, status: number, code: string][] = [
    ['/elb/default-elb', { headers: { Authorization: '' } }, 401, 'unauthenticated'],
    ['/nowhere', {}, 404, 'route_not_found'],
    ['/elb/default-elb', { method: 'PUT' }, 405, 'method_not_allowed'],
    ['/elb/no-such-elb', {}, 404, 'elb_not_found'],
    ['/elb/no-such-elb/health', { method: 'HEAD' }, 404, 'elb_not_found'],
    ['/elb?limit=0', {}, 400, 'wrong_parameter'],
    ['/elb/default-elb', { method: 'POST' }, 400, 'wrong_data_format'],
    ['/elb/default-elb', { method: 'POST', body: ' '.repeat(17_000) }, 413, 'payload_too_large'],
    [
      '/elb/default-elb',
      { method: 'POST', headers: { Origin: 'http://elsewhere' } },
      403,
      'cross_site_request',
    ],
    ['/elb/default-elb', { method: 'POST', body: body(member) }, 409, 'instance_already_attached'],
    ['/elb/default-elb', { method: 'POST', body: body(terminated) }, 400, 'instance_refused'],
    ['/elb/default-elb', { method: 'DELETE', body: body(spare) }, 409, 'instance_not_attached'],
  ];
  for (const [path, request, status, code] of failures)
    it(`is ${code} in the ${status} for ${request.method ?? 'GET'} ${path}`, async () => {
      const answer = await world.ask(path, request);
      assert.deepEqual([answer.status, answer.headers.get('error-code')], [status, code]);
    });

  it('is last_in_service for the last member in service, like the code in a batch outcome', async () => {
    world.aws.region.loadBalancer('empty-elb').setMembers([spare]);
    const { headers } = await world.detach('empty-elb', spare);
    assert.equal(headers.get('error-code'), 'last_in_service');
    const batch = await world.ask('/elb/empty-elb/instances', {
      method: 'DELETE',
      body: JSON.stringify({ instanceIds: [spare, member] }),
    });
    const { message } = JSON.parse(batch.body) as { message: { code: string }[] };
    assert.deepEqual(
      message.map(({ code }) => code),
      ['last_in_service', 'instance_not_attached'],
    );
    assert.equal(batch.headers.get('error-code'), null);
  });

  it('is absent from a 200 and from a 304', async () => {
    const { headers } = await world.ask('/elb/default-elb');
    assert.equal(headers.get('error-code'), null);
    const notModified = await world.ask('/elb/default-elb', {
      headers: { 'If-None-Match': headers.get('etag') ?? '' },
    });
    assert.deepEqual([notModified.status, notModified.headers.get('error-code')], [304, null]);
  });

  it('is aws_throttled when AWS throttles a change', async () => {
    world.aws.faults.set([{ throttle: true, actions: [describeElbs] }]);
    const { status, headers } = await world.attach('default-elb', spare);
    assert.deepEqual([status, headers.get('error-code')], [503, 'aws_throttled']);
  });
});
