import assert from 'node:assert/strict';
import { dereference, operationsOf, readSwagger } from '../contract/swagger.ts';
import { startWorld, type World } from '../support/world.ts';

const instance = 'i-0b22a22eec53b9321';

/** Returns the operations of swagger.yaml that require credentials. */
function guardedOperations(): [method: string, path: string][] {
  const document = dereference(readSwagger(), readSwagger());
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    operationsOf(item)
      .filter(([, { security }]) => security === undefined)
      .map(([method]): [string, string] => [method.toUpperCase(), path]),
  );
}

const shorten = (query: string) => (query.length > 80 ? `${query.slice(0, 40)}…` : query);

describe('Parameter validation', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
    await world.eventually(
      async () => (await world.ask('/healthcheck')).status === 200,
      'the service is healthy',
    );
  });
  after(() => world.close());

  const refused: [method: string, path: string, query: string, says: RegExp][] = [
    ['POST', '', 'wait=drained', /parameter wait cannot be "drained"; it must be in-service/],
    ['POST', '', 'wait=', /wait cannot be ""; it must be in-service/],
    ['POST', '', 'wait=true', /it must be in-service/],
    ['DELETE', '', 'wait=in-service', /wait cannot be "in-service"; it must be drained/],
    ['POST', '', 'wait=in-service&wait=in-service', /parameter wait appears twice; send it once/],
    ['POST', '', 'timeout=5', /timeout requires wait; add wait=in-service/],
    ...['0', '51', '-1', '1.5', '5s', '', '1e1'].map((value): [string, string, string, RegExp] => [
      'POST',
      '',
      `wait=in-service&timeout=${value}`,
      /parameter timeout cannot be ".*"; it must be a whole number from 1 to 50 seconds/,
    ]),
    ...['1', 'yes', 'TRUE', ''].flatMap((value): [string, string, string, RegExp][] => [
      ['POST', '', `dryRun=${value}`, /parameter dryRun cannot be ".*"; it must be true or false/],
      ['DELETE', '', `force=${value}`, /parameter force cannot be ".*"; it must be true or false/],
    ]),
    ['POST', '', 'force=true', /force is not accepted here; this operation accepts dryRun, wait, timeout/],
    ['POST', '', 'dryrun=true', /parameter dryrun is unknown; did you mean dryRun/],
    ['DELETE', '', 'dry-run=true', /parameter dry-run is unknown; did you mean dryRun/],
    ['DELETE', '', 'Force=true', /did you mean force/],
    [
      'POST',
      '',
      'drRun=true',
      /parameter drRun is unknown; did you mean dryRun\? this operation accepts dryRun, wait, timeout/,
    ],
    [
      'DELETE',
      '',
      'wiat=drained',
      /parameter wiat is unknown; did you mean wait\? this operation accepts dryRun, force, wait, timeout/,
    ],
    [
      'DELETE',
      '/instances',
      'froce=true',
      /parameter froce is unknown; did you mean force\? this operation accepts dryRun, force/,
    ],
    ['POST', '/instances', 'wait=in-service', /wait is not accepted here; this operation accepts dryRun/],
    ['POST', '/instances', 'force=true', /force is not accepted here/],
    ['DELETE', '', 'instanceid=i-5203422c', /parameter instanceid is unknown; did you mean instanceId/],
    ['DELETE', '', 'instance_id=i-5203422c', /did you mean instanceId/],
    ['DELETE', '', 'instanceIds=i-5203422c', /did you mean instanceId\?/],
    ['DELETE', '', 'id=i-5203422c', /parameter id is unknown; this operation accepts dryRun/],
    ['POST', '', 'instanceId=i-5203422c&instanceId=i-6d304aae', /parameter instanceId appears twice/],
    ['POST', '', `${'x'.repeat(5000)}=1`, /parameter x{64}… is unknown; this operation accepts/],
    ['POST', '', '=1', /parameter "" is unknown/],
    ['DELETE', '/instances', 'force=maybe', /force cannot be "maybe"/],
    ['DELETE', '/instances', 'dryRun=maybe', /dryRun cannot be "maybe"/],
  ];
  for (const [method, path, query, says] of refused)
    it(`returns 400 for ${method} /elb/{elbName}${path}?${shorten(query)}`, async () => {
      const body = JSON.stringify(path === '' ? { instanceId: instance } : { instanceIds: [instance] });
      const answer = await world.ask(`/elb/default-elb${path}?${query}`, { method, body });
      assert.equal(answer.status, 400, answer.body);
      assert.match((JSON.parse(answer.body) as { message: string }).message, says);
    });

  const inBody: [method: string, path: string, members: object, says: RegExp][] = [
    ['DELETE', '', { dryRun: true }, /the body has dryRun; send dryRun in the query: \?dryRun=/],
    ['DELETE', '', { wait: 'drained' }, /send wait in the query/],
    ['DELETE', '', { force: false }, /send force in the query/],
    ['POST', '', { timeout: 5 }, /send timeout in the query/],
    ['POST', '', { DryRun: true }, /the body has DryRun; send dryRun in the query/],
    ['POST', '', { dry_run: true }, /the body has dry_run; send dryRun in the query/],
    ['POST', '/instances', { dryRun: true }, /send dryRun in the query/],
    ['DELETE', '/instances', { 'dry-run': null }, /send dryRun in the query/],
  ];
  for (const [method, path, members, says] of inBody)
    it(`returns 400 for ${method} /elb/{elbName}${path} with a query parameter in the body: ${JSON.stringify(members)}`, async () => {
      const ids = path === '' ? { instanceId: instance } : { instanceIds: [instance] };
      const body = JSON.stringify({ ...ids, ...members });
      const answer = await world.ask(`/elb/default-elb${path}`, { method, body });
      assert.equal(answer.status, 400, answer.body);
      assert.match(answer.body, says);
      assert.equal(answer.headers.get('error-code'), 'wrong_data_format');
    });

  const lists: [query: string, says: RegExp][] = [
    ...['0', '401', 'all', '', '-1'].map((value): [string, RegExp] => [
      `limit=${value}`,
      /parameter limit cannot be ".*"; it must be a whole number from 1 to 400/,
    ]),
    ['name=*elb', /parameter name cannot be "\*elb"; it must be a load balancer name, or a prefix/],
    ['name=a%20b', /it must be a load balancer name/],
    ['cursor=', /parameter cursor cannot be ""; it must be the cursor in the Link header/],
    ['cursor=%2F', /parameter cursor cannot be "\/"/],
    ['dryRun=true', /dryRun is not accepted here; this operation accepts name, limit, cursor/],
    [
      'nmae=web-*',
      /parameter nmae is unknown; did you mean name\? this operation accepts name, limit, cursor/,
    ],
    [
      `instanceId=${instance}`,
      /parameter instanceId is not accepted here; this operation accepts name, limit, cursor/,
    ],
    ['region=eu-west-1', /parameter region is unknown; this operation accepts name, limit, cursor/],
    ['Limit=1', /did you mean limit/],
  ];
  for (const [query, says] of lists)
    it(`returns 400 for GET /elb?${query}`, async () => {
      const answer = await world.ask(`/elb?${query}`);
      assert.equal(answer.status, 400, answer.body);
      assert.match((JSON.parse(answer.body) as { message: string }).message, says);
    });

  for (const [method, path] of guardedOperations())
    it(`returns 400 for an undeclared parameter of ${method} ${path}`, async () => {
      const answer = await world.ask(`${path.replace('{elbName}', 'default-elb')}?region=eu-west-1`, {
        method,
      });
      assert.equal(answer.status, 400, answer.body);
      assert.match(answer.body, /the query parameter region is unknown; this operation accepts/);
      assert.equal(answer.headers.get('error-code'), 'wrong_parameter');
    });

  for (const [path, query, says] of [
    [
      '/elb/default-elb/health',
      'wait=in-service',
      /wait is not accepted here; this operation accepts no query parameters/,
    ],
    ['/elb/default-elb', 'x', /parameter x is unknown; this operation accepts no query parameters/],
    ['/status', 'verbose=1', /parameter verbose is unknown; this operation accepts no query parameters/],
  ] as const)
    it(`returns 400 for GET ${path}?${query}, cached or not`, async () => {
      for (let round = 0; round < 2; round += 1) {
        const answer = await world.ask(`${path}?${query}`);
        assert.equal(answer.status, 400, answer.body);
        assert.match(answer.body, says);
      }
    });

  it('ignores parameters of /healthcheck because monitors may add some', async () => {
    assert.equal((await world.ask('/healthcheck?x=1')).status, 200);
  });

  it('sends no AWS calls for refused requests', () => {
    assert.equal(world.calls(), 0);
  });

  const document = dereference(readSwagger(), readSwagger());
  const patterns = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    operationsOf(item).flatMap(([method, { parameters = [] }]) =>
      parameters
        .filter(({ pattern }) => pattern !== undefined)
        .map(({ name = '', pattern }) => ({
          method: method.toUpperCase(),
          path,
          name,
          pattern: String(pattern),
        })),
    ),
  );
  it('covers the patterns of cursor, instanceId and name in swagger.yaml', () => {
    assert.deepEqual(patterns.map(({ name }) => name).sort(), ['cursor', 'instanceId', 'name']);
  });
  const values = [
    '',
    '*',
    'web',
    'web*',
    'w*b',
    'a b',
    'x'.repeat(33),
    'i-5203422c',
    'i-5203422',
    'I-5203422C',
  ];
  for (const { method, path, name, pattern } of patterns)
    it(`matches the pattern of ${name} in swagger.yaml for ${method} ${path}`, async () => {
      for (const value of values) {
        const dryRun = method === 'DELETE' ? { dryRun: 'true' } : {};
        const query = new URLSearchParams({ [name]: value, ...dryRun }).toString();
        const { status } = await world.ask(`${path.replace('{elbName}', 'default-elb')}?${query}`, {
          method,
        });
        assert.equal(status, new RegExp(pattern).test(value) ? 200 : 400, value);
      }
    });

  it('ignores unknown body members and parameters of other routes in the body', async () => {
    const body = JSON.stringify({
      instanceId: 'i-1f8b3e07',
      name: 'web',
      limit: 1,
      region: 'x',
      instanceType: 't1',
    });
    const answer = await world.ask('/elb/default-elb', { method: 'POST', body });
    assert.equal(answer.status, 201, answer.body);
  });

  it('accepts the same instanceId in the query and in the body', async () => {
    const answer = await world.ask(`/elb/default-elb?instanceId=${instance}`, {
      method: 'POST',
      body: JSON.stringify({ instanceId: instance }),
    });
    assert.equal(answer.status, 201, answer.body);
  });
});
