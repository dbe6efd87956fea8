import assert from 'node:assert/strict';
import { deregister, register, startWorld, type World } from '../support/world.ts';

const [member, spare, another] = ['i-5203422c', 'i-0b22a22eec53b9321', 'i-0c4d1e7f8a9b03562'];

describe('A conditional change', () => {
  let world: World;
  beforeEach(async () => {
    world = await startWorld();
  });
  afterEach(() => world.close());
  const etagOf = async () => (await world.ask('/elb/default-elb')).headers.get('etag') ?? '';
  const change = (method: string, headers: Record<string, string>, id = member, query = '') =>
    world.ask(`/elb/default-elb${query}`, { method, headers, body: JSON.stringify({ instanceId: id }) });
  const changeMany = (method: string, headers: Record<string, string>, ids: string[]) =>
    world.ask('/elb/default-elb/instances', { method, headers, body: JSON.stringify({ instanceIds: ids }) });
  const changes = () => world.calls(register) + world.calls(deregister);

  it('returns 400 for the conditional headers of reads', async () => {
    for (const headers of [
      { 'If-None-Match': '*' },
      { 'If-None-Match': await etagOf() },
      { 'If-Modified-Since': 'Thu, 26 Nov 2026 09:00:00 GMT' },
      { 'If-Range': '"x"' },
      { 'If-None-Match': '*', 'If-Match': '*' },
    ] as Record<string, string>[])
      for (const answer of [
        await change('POST', headers, spare),
        await change('DELETE', headers),
        await changeMany('POST', headers, [spare]),
        await changeMany('DELETE', headers, [member]),
      ]) {
        assert.equal(answer.status, 400, answer.body);
        assert.equal(answer.headers.get('error-code'), 'wrong_condition');
      }
    assert.equal(changes(), 0);
  });

  it('returns 412 and changes nothing when If-Match differs from the ETag of the list', async () => {
    const etag = await etagOf();
    for (const ifMatch of ['"stale"', `W/${etag}`, etag.replaceAll('"', ''), '', `"a", W/${etag}`])
      for (const answer of [
        await change('POST', { 'If-Match': ifMatch }, spare),
        await change('DELETE', { 'If-Match': ifMatch }),
        await change('DELETE', { 'If-Match': ifMatch }, member, '?dryRun=true'),
        await changeMany('POST', { 'If-Match': ifMatch }, [spare, another]),
        await changeMany('DELETE', { 'If-Match': ifMatch }, [member]),
      ]) {
        assert.equal(answer.status, 412, `${ifMatch}: ${answer.body}`);
        assert.equal(answer.headers.get('error-code'), 'precondition_failed');
        assert.match(answer.body, /does not match If-Match; nothing was changed/);
      }
    assert.equal(changes(), 0);
  });

  it('returns 400, 404 and 409 before it evaluates If-Match', async () => {
    const headers = { 'If-Match': '"stale"' };
    assert.equal((await change('POST', headers)).status, 409);
    assert.equal((await change('DELETE', headers, spare)).status, 409);
    assert.equal((await change('POST', headers, 'nonsense')).status, 400);
    assert.equal((await change('POST', headers, 'i-00000000')).status, 400);
    assert.equal((await changeMany('POST', headers, [member])).status, 207);
    const unknown = await world.ask('/elb/no-such-elb?instanceId=i-5203422c', { method: 'DELETE', headers });
    assert.equal(unknown.status, 404);
  });

  it('succeeds when If-Match is * or contains the ETag', async () => {
    assert.equal((await change('POST', { 'If-Match': await etagOf() }, spare)).status, 201);
    assert.equal((await change('DELETE', { 'If-Match': `"a", ${await etagOf()}` }, spare)).status, 201);
    assert.equal((await change('POST', { 'If-Match': ' * ' }, another)).status, 201);
    const outcomes = await changeMany('DELETE', { 'If-Match': await etagOf() }, [another]);
    assert.match(outcomes.body, /"status":201/);
  });

  it('returns 412 when another client has changed the list, although the cached list is unchanged', async () => {
    const etag = await etagOf();
    world.aws.region.loadBalancer('default-elb').register([another]);
    assert.equal((await change('POST', { 'If-Match': etag }, spare)).status, 412);
  });

  it('succeeds for only one of two concurrent changes with the same ETag', async () => {
    const headers = { 'If-Match': await etagOf() };
    const answers = await Promise.all([change('POST', headers, spare), change('POST', headers, another)]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 412]);
  });

  it('ignores If-Unmodified-Since because a list has no modification date (RFC 9110, 13.1.4)', async () => {
    for (const date of ['Thu, 01 Jan 1970 00:00:00 GMT', 'nonsense']) {
      const headers = { 'If-Unmodified-Since': date };
      assert.equal((await change('POST', headers, spare)).status, 201);
      assert.equal((await change('DELETE', headers, spare)).status, 201);
    }
  });
});

describe('A read with If-Match', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.close());

  for (const path of ['/elb', '/elb/default-elb', '/elb/default-elb/health'])
    for (const method of ['GET', 'HEAD'])
      it(`returns 412 for ${method} ${path} unless If-Match contains the ETag`, async () => {
        const etag = (await world.ask(path)).headers.get('etag') ?? '';
        const read = (ifMatch: string) => world.ask(path, { method, headers: { 'If-Match': ifMatch } });
        for (const ifMatch of ['"stale"', `W/${etag}`, '']) {
          const answer = await read(ifMatch);
          assert.equal(answer.status, 412, ifMatch);
          assert.equal(answer.headers.get('error-code'), 'precondition_failed');
        }
        for (const ifMatch of [etag, `"a", ${etag}`, '*']) assert.equal((await read(ifMatch)).status, 200);
      });
});
