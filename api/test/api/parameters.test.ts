import assert from 'node:assert/strict';
import { eventually, startWorld, type World } from '../support/world.ts';

const instance = 'i-0b22a22eec53b9321';

describe('Query parameters', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
    // The service tries out its way to AWS elsewhere; its own AWS must not be asked at all here.
    await eventually(async () => (await world.ask('/healthcheck')).status === 200, 'it answers');
  });
  after(() => world.close());

  const refused: [method: string, path: string, query: string, says: RegExp][] = [
    ['POST', '', 'wait=drained', /parameter wait cannot be "drained"; it takes in-service/],
    ['POST', '', 'wait=', /wait cannot be ""; it takes in-service/],
    ['POST', '', 'wait=true', /it takes in-service/],
    ['DELETE', '', 'wait=in-service', /wait cannot be "in-service"; it takes drained/],
    ['POST', '', 'wait=in-service&wait=in-service', /parameter wait is there twice; send it once/],
    ['POST', '', 'timeout=5', /timeout is there without wait; add wait=in-service/],
    ...['0', '51', '-1', '1.5', '5s', '', '1e1'].map((value): [string, string, string, RegExp] => [
      'POST',
      '',
      `wait=in-service&timeout=${value}`,
      /parameter timeout cannot be ".*"; it takes a whole number from 1 to 50 seconds/,
    ]),
    ...['1', 'yes', 'TRUE', ''].flatMap((value): [string, string, string, RegExp][] => [
      ['POST', '', `dryRun=${value}`, /parameter dryRun cannot be ".*"; it takes true or false/],
      ['DELETE', '', `force=${value}`, /parameter force cannot be ".*"; it takes true or false/],
    ]),
    ['POST', '', 'force=true', /force is not taken here; this takes dryRun, wait, timeout/],
    ['POST', '', 'dryrun=true', /parameter dryrun is not known; it is written dryRun/],
    ['DELETE', '', 'dry-run=true', /parameter dry-run is not known; it is written dryRun/],
    ['DELETE', '', 'Force=true', /it is written force/],
    ['POST', '', 'drRun=true', /parameter drRun is not known; this takes dryRun, wait, timeout/],
    ['DELETE', '', 'wiat=drained', /parameter wiat is not known; this takes dryRun, force, wait, timeout/],
    ['DELETE', '/instances', 'froce=true', /parameter froce is not known; this takes dryRun, force/],
    ['POST', '/instances', 'wait=in-service', /wait is not taken here; this takes dryRun/],
    ['POST', '/instances', 'force=true', /force is not taken here/],
    ['DELETE', '/instances', 'force=maybe', /force cannot be "maybe"/],
    ['DELETE', '/instances', 'dryRun=maybe', /dryRun cannot be "maybe"/],
  ];
  for (const [method, path, query, says] of refused)
    it(`are refused: ${method} ${path}?${query}`, async () => {
      const body = JSON.stringify(path === '' ? { instanceId: instance } : { instanceIds: [instance] });
      const answer = await world.ask(`/elb/default-elb${path}?${query}`, { method, body });
      assert.equal(answer.status, 400, answer.body);
      assert.match((JSON.parse(answer.body) as { message: string }).message, says);
    });

  const lists: [query: string, says: RegExp][] = [
    ...['0', '401', 'all', '', '-1'].map((value): [string, RegExp] => [
      `limit=${value}`,
      /parameter limit cannot be ".*"; it takes a whole number from 1 to 400/,
    ]),
    ['name=*elb', /parameter name cannot be "\*elb"; it takes the name of a load balancer, or how it begins/],
    ['name=a%20b', /it takes the name of a load balancer/],
    ['cursor=', /parameter cursor cannot be ""; it takes what the Link of the page before has/],
    ['cursor=%2F', /parameter cursor cannot be "\/"/],
    ['dryRun=true', /dryRun is not taken here; this takes name, limit, cursor/],
    ['nmae=web-*', /parameter nmae is not known; this takes name, limit, cursor/],
    [`instanceId=${instance}`, /parameter instanceId is not known; this takes name, limit, cursor/],
    ['Limit=1', /it is written limit/],
  ];
  for (const [query, says] of lists)
    it(`are refused: GET /elb?${query}`, async () => {
      const answer = await world.ask(`/elb?${query}`);
      assert.equal(answer.status, 400, answer.body);
      assert.match((JSON.parse(answer.body) as { message: string }).message, says);
    });

  it('cost no call of AWS where they are refused', () => {
    assert.equal(world.calls(), 0);
  });

  it('take an instanceId beside that of the body, as some clients send both', async () => {
    const answer = await world.ask(`/elb/default-elb?instanceId=${instance}`, {
      method: 'POST',
      body: JSON.stringify({ instanceId: instance }),
    });
    assert.equal(answer.status, 201, answer.body);
  });
});
