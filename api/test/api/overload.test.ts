import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { samplesOf } from '../support/metrics.ts';
import { token } from '../support/service.ts';
import {
  type Answer,
  deregister,
  describeElbs,
  noCache,
  register,
  startWorld,
  type World,
} from '../support/world.ts';

const [spare, second, third] = ['i-0b22a22eec53b9321', 'i-0c4d1e7f8a9b03562', 'i-0d5e2f809b1c14673'];

describe('Overload', () => {
  let world: World;
  const start = async (env: Record<string, string>) => {
    world = await startWorld({}, env);
  };
  afterEach(() => world.close());

  const metric = async (name: string, labels = {}) =>
    samplesOf((await world.ask('/metrics')).body).get(name, labels);
  const inFlight = (count: number) =>
    world.eventually(
      // The scrape is a request in progress, too.
      async () => (await metric('http_server_active_requests')) === count + 1,
      `${count} requests are in progress`,
    );
  const attach = (instanceId: string | undefined, query = '') =>
    world.ask(`/elb/default-elb${query}`, { method: 'POST', body: JSON.stringify({ instanceId }) });
  /** Sends the headers of a request, whose body the test sends. */
  function send(method: string, path: string, length: number): ClientRequest {
    const headers = { Authorization: `Basic ${token}`, 'Content-Length': length };
    const sent = request(world.service.url + path, { method, headers, agent: false });
    sent.on('error', () => undefined).flushHeaders();
    return sent;
  }
  const refusal = ({ status, headers, body }: Answer) => [
    ...[status, headers.get('error-code'), headers.get('retry-after')],
    (JSON.parse(body) as { message: string }).message,
  ];
  const waits = () =>
    world.eventually(async () => (await metric('elb_inventory_waiters')) === 1, 'a request waits');

  it('gets 503 for requests above MAX_IN_FLIGHT, on the fast path too, but not for /healthcheck and /metrics', async () => {
    await start({ MAX_IN_FLIGHT: '3', INVENTORY_MAX_AGE_MS: '60000' });
    await world.ids('default-elb');
    world.aws.faults.set([{ actions: [describeElbs], latencyMs: 5000 }]);
    const held = Array.from({ length: 3 }, () => world.ask('/elb/default-elb', { headers: noCache }));
    await inFlight(3);
    for (const path of ['/elb/default-elb', '/elb', '/status', '/docs'])
      assert.deepEqual(refusal(await world.ask(path)), [
        ...[503, 'overloaded', '1'],
        'the maximum of requests in progress is reached (MAX_IN_FLIGHT=3); nothing was changed, so try again in 1 s',
      ]);
    const anonymous = { Authorization: undefined };
    assert.equal((await world.ask('/elb/default-elb', { headers: anonymous })).status, 503);
    assert.equal((await attach(spare)).status, 503);
    for (let n = 0; n < 5; n += 1) {
      assert.equal((await world.ask('/healthcheck', { headers: anonymous })).status, 200);
      assert.equal((await world.ask('/metrics', { headers: anonymous })).status, 401);
    }
    assert.equal(await metric('elb_inventory_overload_refusals_total', { limit: 'requests' }), 6);
    for (const answer of held) assert.equal((await answer).status, 200);
    assert.equal((await world.ask('/elb/default-elb')).status, 200);
    assert.equal(world.calls(register), 0);
  });

  it('gets 503 for changes above MAX_CHANGES without waiting for their body, while reads are served', async () => {
    await start({ MAX_CHANGES: '2' });
    world.aws.faults.set([{ actions: [register], latencyMs: 5000 }]);
    const held = attach(spare);
    const slow = send('DELETE', '/elb/default-elb', 100);
    await inFlight(2);
    const refused = send('POST', '/elb/default-elb/instances', 100);
    const [response] = (await world.clock.run(once(refused, 'response'))) as [IncomingMessage];
    assert.deepEqual([response.statusCode, response.headers['retry-after']], [503, '1']);
    refused.destroy();
    assert.equal((await world.ask('/elb/default-elb')).status, 200);
    slow.destroy();
    await inFlight(1);
    const next = attach(second);
    assert.equal((await held).status, 201);
    assert.equal((await next).status, 201);
    assert.equal(await metric('elb_inventory_overload_refusals_total', { limit: 'changes' }), 1);
    assert.equal(world.calls(deregister), 0);
  });

  it('gets 503 for waits above MAX_WAITERS before the change, while a request that waits is not counted as a change', async () => {
    await start({ MAX_WAITERS: '1', MAX_CHANGES: '1' });
    const waiting = attach(spare, '?wait=in-service&timeout=50');
    await waits();
    assert.equal((await attach(second)).status, 201);
    const registered = world.calls(register);
    assert.deepEqual(refusal(await attach(third, '?wait=in-service')), [
      ...[503, 'overloaded', '5'],
      'the maximum of requests that wait is reached (MAX_WAITERS=1); nothing was changed, so try again in 5 s',
    ]);
    assert.equal(world.calls(register), registered);
    assert.equal((await attach(third, '?wait=in-service&dryRun=true')).status, 200);
    // A refused wait keeps no slot of a change.
    assert.equal((await attach(third)).status, 201);
    world.aws.region.clock.advance(16);
    assert.equal((await waiting).status, 201);
    const again = await world.ask(`/elb/default-elb?instanceId=${third}&wait=drained&timeout=1`, {
      method: 'DELETE',
    });
    assert.equal(again.status, 202);
    assert.equal(await metric('elb_inventory_overload_refusals_total', { limit: 'waiters' }), 1);
  });

  it('ends for waits when the client of one disconnects', async () => {
    await start({ MAX_WAITERS: '1' });
    const body = JSON.stringify({ instanceId: spare });
    const client = send('POST', '/elb/default-elb?wait=in-service', body.length);
    client.end(body);
    await waits();
    assert.equal((await attach(second, '?wait=in-service')).status, 503);
    client.destroy();
    await inFlight(0);
    assert.equal((await attach(second, '?wait=in-service&timeout=1')).status, 202);
  });
});
