import assert from 'node:assert/strict';
import { type Answer, describeElbs, noCache, startWorld, type World } from '../support/world.ts';

interface Elb {
  readonly elbName: string;
  readonly instanceCount: number;
}

/** A list is older than INVENTORY_MAX_AGE_MS by then. */
const maxAgeMs = 2100;

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

  it('answers 401 without credentials', async () => {
    const answer = await world.ask('/elb', { headers: { Authorization: '' } });
    assert.equal(answer.status, 401);
  });

  it('answers 405 and Allow to a POST', async () => {
    const { status, headers } = await world.ask('/elb', { method: 'POST' });
    assert.equal(status, 405);
    assert.equal(headers.get('allow'), 'GET, HEAD');
  });

  it('tells all that AWS tells of a load balancer', async () => {
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

  it('sorts by name, and leads through pages of a limit', async () => {
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

  it('filters by name and by how names begin, through pages', async () => {
    assert.deepEqual(namesOf(await page('/elb?name=elb-000*')).length, 9);
    assert.deepEqual(namesOf(await page('/elb?name=elb-0003')), ['elb-0003']);
    assert.deepEqual(namesOf(await page('/elb?name=elb')), []);
    const { headers } = await page('/elb?name=elb-000*&limit=5');
    const next = /<(.*)>/.exec(headers.get('link')!)![1]!;
    assert.deepEqual(namesOf(await page(next)), ['elb-0006', 'elb-0007', 'elb-0008', 'elb-0009']);
  });

  it('goes on behind a load balancer that was deleted meanwhile', async () => {
    assert.equal(namesOf(await page('/elb?cursor=elb-0002x&limit=1'))[0], 'elb-0003');
  });

  it('is answered from the picture of the lists, and shows a change at once', async () => {
    await page('/elb');
    await world.ids('empty-elb');
    world.aws.resetCalls();
    const answers = await Promise.all(Array.from({ length: 20 }, () => page('/elb')));
    assert.ok(world.calls() <= 2, `${world.calls()} calls`);
    for (const { headers } of answers) assert.match(headers.get('cache-status')!, /^elb-inventory; /);
    await world.attach('empty-elb', 'i-0b22a22eec53b9321');
    assert.equal(elbsOf(await page('/elb?name=empty-elb'))[0]!.instanceCount, 1);
  });

  it('asks AWS on demand, and answers 304 to who has the page, and HEAD', async () => {
    const first = await page('/elb?name=other*');
    world.aws.resetCalls();
    const demanded = await world.ask('/elb?name=other*', { headers: noCache });
    assert.match(demanded.headers.get('cache-status')!, /fwd=request/);
    assert.ok(world.calls(describeElbs) >= 1);
    const etag = first.headers.get('etag')!;
    const again = await world.ask('/elb?name=other*', { headers: { 'If-None-Match': etag } });
    assert.equal(again.status, 304);
    assert.equal((await world.ask('/elb', { method: 'HEAD' })).status, 200);
  });

  it('has a load balancer that is new to AWS, and none that is gone', async () => {
    world.aws.region.changeLoadBalancer('brand-new', {});
    await world.clock.pass(maxAgeMs);
    assert.deepEqual(namesOf(await page('/elb?name=brand*')), ['brand-new']);
    world.aws.region.deleteLoadBalancer('brand-new');
    await world.clock.pass(maxAgeMs);
    assert.deepEqual(namesOf(await page('/elb?name=brand*')), []);
  });

  it('is served stale while AWS fails', async () => {
    await page('/elb');
    world.aws.faults.set([{ throttle: true, actions: [describeElbs] }]);
    await world.clock.pass(maxAgeMs);
    assert.match((await page('/elb')).headers.get('cache-status')!, /stale/);
    assert.equal((await world.ask('/elb', { headers: noCache })).status, 503);
    world.aws.faults.clear();
  });
});

describe('GET /elb, members in service', () => {
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

  it('answers 400 to another value of health than true and false', async () => {
    assert.equal((await world.ask('/elb?health=yes')).status, 400);
  });

  it('leaves the count out where it is not known, without a call', async () => {
    assert.equal((await counts())['default-elb'], undefined);
    assert.equal((await counts('?health=false'))['default-elb'], undefined);
    assert.equal(healthCalls(), 0);
  });

  it('has the count after a reading of health, and not after a change', async () => {
    await world.ask('/elb/default-elb/health');
    assert.deepEqual(await counts('?name=default-elb'), { 'default-elb': 3 });
    assert.equal(healthCalls(), 1);
    assert.equal((await world.detach('default-elb', 'i-5203422c')).status, 201);
    assert.deepEqual(await counts('?name=default-elb'), { 'default-elb': undefined });
  });

  it('has the count of each load balancer of the page with health=true, without those that drain', async () => {
    world.aws.region.changeInstance('i-6d304aae', { check: 'failing' });
    world.aws.region.advance(60);
    await world.detach('default-elb', 'i-5203422c');
    world.aws.resetCalls();
    assert.deepEqual(await counts('?health=true&name=default-elb'), { 'default-elb': 1 });
    assert.equal(healthCalls(), 1);
    assert.equal((await counts('?health=true'))['empty-elb'], 0);
  });

  it('leaves out what AWS does not answer, and asks no more of it', async () => {
    world.aws.faults.set([{ throttle: true, actions: ['DescribeInstanceHealth'] }]);
    for (const count of Object.values(await counts('?health=true'))) assert.equal(count, undefined);
  });

  it('keeps health in the link to the next page', async () => {
    const { headers } = await world.ask('/elb?limit=1&health=true');
    assert.match(headers.get('link') ?? '', /health=true/);
  });
});
