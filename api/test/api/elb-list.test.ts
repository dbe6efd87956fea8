import assert from 'node:assert/strict';
import { type Answer, describeElbs, noCache, startWorld, type World } from '../support/world.ts';

interface Elb {
  readonly elbName: string;
  readonly instanceCount: number;
}

/** Longer than the default of INVENTORY_MAX_AGE_MS. */
const untilExpiredMs = 2100;

const elbsOf = ({ body }: Answer) => (JSON.parse(body) as { message: Elb[] }).message;
const namesOf = (answer: Answer) => elbsOf(answer).map(({ elbName }) => elbName);

describe('GET /elb', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ elbs: 23, instances: 200 });
  });
  after(() => world.close());
  const page = async (path: string) => {
    const answer = await world.ask(path);
    assert.equal(answer.status, 200, answer.body);
    return answer;
  };

  it('returns 401 without credentials', async () => {
    const answer = await world.ask('/elb', { headers: { Authorization: '' } });
    assert.equal(answer.status, 401);
  });

  it('returns 405 with Allow for a POST', async () => {
    const { status, headers } = await world.ask('/elb', { method: 'POST' });
    assert.equal(status, 405);
    assert.equal(headers.get('allow'), 'GET, HEAD');
  });

  it('returns all properties of a load balancer', async () => {
    const [elb] = elbsOf(await page('/elb?name=default-elb'));
    assert.deepEqual(elb, {
      elbName: 'default-elb',
      dnsName: world.aws.region.loadBalancer('default-elb').spec.dnsName,
      scheme: 'internet-facing',
      vpcId: 'vpc-0a3f1c5e7b9d24680',
      availabilityZones: ['us-east-1a', 'us-east-1b', 'us-east-1c'],
      listeners: [{ protocol: 'HTTP', loadBalancerPort: 80, instanceProtocol: 'HTTP', instancePort: 8000 }],
      healthCheck: {
        target: 'HTTP:8000/healthcheck',
        intervalSeconds: 5,
        timeoutSeconds: 2,
        unhealthyThreshold: 2,
        healthyThreshold: 3,
      },
      instanceCount: 3,
      createdDate: '2016-08-30T10:01:44.490Z',
    });
  });

  it('sorts by name and links to the next page when limit is set', async () => {
    const names: string[] = [];
    let path: string | undefined = '/elb?limit=10';
    let pages = 0;
    while (path !== undefined) {
      const answer: Answer = await page(path);
      names.push(...namesOf(answer));
      path = /^<(.*)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
      pages += 1;
    }
    assert.equal(pages, 3);
    assert.equal(names.length, 23);
    assert.deepEqual(names, [...names].sort());
  });

  it('filters by name and by name prefix, on each page', async () => {
    assert.deepEqual(namesOf(await page('/elb?name=elb-000*')).length, 9);
    assert.deepEqual(namesOf(await page('/elb?name=elb-0003')), ['elb-0003']);
    assert.deepEqual(namesOf(await page('/elb?name=elb')), []);
    const { headers } = await page('/elb?name=elb-000*&limit=5');
    const next = /<(.*)>/.exec(headers.get('link')!)![1]!;
    assert.deepEqual(namesOf(await page(next)), ['elb-0006', 'elb-0007', 'elb-0008', 'elb-0009']);
  });

  it('continues after the cursor when no load balancer has that name', async () => {
    assert.equal(namesOf(await page('/elb?cursor=elb-0002x&limit=1'))[0], 'elb-0003');
  });

  it('returns cached data and shows a change immediately', async () => {
    await page('/elb');
    await world.ids('empty-elb');
    world.aws.resetCalls();
    const answers = await Promise.all(Array.from({ length: 20 }, () => page('/elb')));
    assert.ok(world.calls() <= 2, `${world.calls()} calls`);
    for (const { headers } of answers) assert.match(headers.get('cache-status')!, /^elb-inventory; /);
    await world.attach('empty-elb', 'i-0b22a22eec53b9321');
    assert.equal(elbsOf(await page('/elb?name=empty-elb'))[0]!.instanceCount, 1);
  });

  it('calls AWS for no-cache, returns 304 for a matching ETag and supports HEAD', async () => {
    const first = await page('/elb?name=other*');
    world.aws.resetCalls();
    const fresh = await world.ask('/elb?name=other*', { headers: noCache });
    assert.match(fresh.headers.get('cache-status')!, /fwd=request/);
    assert.ok(world.calls(describeElbs) >= 1);
    const etag = first.headers.get('etag')!;
    const again = await world.ask('/elb?name=other*', { headers: { 'If-None-Match': etag } });
    assert.equal(again.status, 304);
    assert.equal((await world.ask('/elb', { method: 'HEAD' })).status, 200);
  });

  it('lists new load balancers and omits deleted ones', async () => {
    world.aws.region.changeLoadBalancer('brand-new', {});
    await world.clock.pass(untilExpiredMs);
    assert.deepEqual(namesOf(await page('/elb?name=brand*')), ['brand-new']);
    world.aws.region.deleteLoadBalancer('brand-new');
    await world.clock.pass(untilExpiredMs);
    assert.deepEqual(namesOf(await page('/elb?name=brand*')), []);
  });

  it('returns stale data while AWS fails', async () => {
    await page('/elb');
    world.aws.faults.set([{ throttle: true, actions: [describeElbs] }]);
    await world.clock.pass(untilExpiredMs);
    assert.match((await page('/elb')).headers.get('cache-status')!, /stale/);
    assert.equal((await world.ask('/elb', { headers: noCache })).status, 503);
    world.aws.faults.clear();
  });
});

describe('inServiceCount of GET /elb', () => {
  let world: World;
  beforeEach(async () => {
    world = await startWorld();
  });
  afterEach(() => world.close());
  const counts = async (query = '') => {
    const answer = await world.ask(`/elb${query}`);
    assert.equal(answer.status, 200, answer.body);
    const { message } = JSON.parse(answer.body) as {
      message: { elbName: string; inServiceCount?: number }[];
    };
    return Object.fromEntries(message.map(({ elbName, inServiceCount }) => [elbName, inServiceCount]));
  };
  const healthCalls = () => world.calls('DescribeInstanceHealth');

  it('is refused with 400 when health is neither true nor false', async () => {
    assert.equal((await world.ask('/elb?health=yes')).status, 400);
  });

  it('is absent, without a call, when health has not been read', async () => {
    assert.equal((await counts())['default-elb'], undefined);
    assert.equal((await counts('?health=false'))['default-elb'], undefined);
    assert.equal(healthCalls(), 0);
  });

  it('is present after a health read and absent after a change', async () => {
    await world.ask('/elb/default-elb/health');
    assert.deepEqual(await counts('?name=default-elb'), { 'default-elb': 3 });
    assert.equal(healthCalls(), 1);
    assert.equal((await world.detach('default-elb', 'i-5203422c')).status, 201);
    assert.deepEqual(await counts('?name=default-elb'), { 'default-elb': undefined });
  });

  it('is present for each load balancer with health=true and excludes draining instances', async () => {
    world.aws.region.changeInstance('i-6d304aae', { check: 'failing' });
    world.aws.region.clock.advance(60);
    await world.detach('default-elb', 'i-5203422c');
    world.aws.resetCalls();
    assert.deepEqual(await counts('?health=true&name=default-elb'), { 'default-elb': 1 });
    assert.equal(healthCalls(), 1);
    assert.equal((await counts('?health=true'))['empty-elb'], 0);
  });

  it('is absent when AWS throttles the health reads', async () => {
    world.aws.faults.set([{ throttle: true, actions: ['DescribeInstanceHealth'] }]);
    for (const count of Object.values(await counts('?health=true'))) assert.equal(count, undefined);
  });

  it('is requested by the link to the next page as well', async () => {
    const { headers } = await world.ask('/elb?limit=1&health=true');
    assert.match(headers.get('link') ?? '', /health=true/);
  });
});
