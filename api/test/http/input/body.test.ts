import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { DomainError } from '../../../errors.ts';
import type { AppContext } from '../../../http/context.ts';
import { bodyLimit, readInstanceId, readInstanceIdOrQuery } from '../../../http/input/body.ts';
import { readFreshness } from '../../../http/input/freshness.ts';
import { readElbName } from '../../../http/input/path.ts';
import { messageOf } from '../../support/service.ts';
import { serverOf, type SmallServer } from '../server-of.ts';

const id = 'i-0a4f8c3e9d1b27650';
const body = JSON.stringify({ instanceId: id });

describe('Input', () => {
  let server: SmallServer;
  const refusals = new EventEmitter();
  before(async () => {
    server = await serverOf(async (ctx) => {
      const read = ctx.method === 'DELETE' ? readInstanceIdOrQuery : readInstanceId;
      try {
        ctx.body = { message: await read(ctx) };
      } catch (error) {
        refusals.emit('refusal', error);
        throw error;
      }
    });
  });
  after(() => server.close());

  const send = (method: string, init: RequestInit = {}, path = '/') =>
    fetch(server.url + path, { method, ...init });

  const refusedBodies: [what: string, body: string | Uint8Array | undefined, says: RegExp][] = [
    ['an empty one', undefined, /the body is empty/],
    ['blanks', ' \r\n\t', /the body is empty/],
    ['what is not JSON', 'instanceId=i-5203422c', /not JSON/],
    ['JSON cut short', body.slice(0, -1), /not JSON/],
    ['a number', '7', /not a JSON object/],
    ['a text', '"i-5203422c"', /not a JSON object/],
    ['null', 'null', /the body is empty/],
    ['an array', `[${body}]`, /not a JSON object/],
    ['an object without instanceId', '{"instanceid":"i-5203422c"}', /instanceId is missing/],
    ['an inherited name', '{"__proto__":{"instanceId":"i-5203422c"}}', /instanceId is (missing|not)/],
    ['a number as instanceId', '{"instanceId":5203422}', /instanceId is not one string/],
    ['null as instanceId', '{"instanceId":null}', /instanceId is not one string/],
    ['a list as instanceId', '{"instanceId":["i-5203422c"]}', /instanceId is not one string/],
    ['an empty instanceId', '{"instanceId":""}', /instanceId "" is not an instance id/],
    ['an instanceId in capitals', '{"instanceId":"I-5203422C"}', /"I-5203422C" is not an instance id/],
    ['an instanceId of 9 digits', '{"instanceId":"i-5203422c0"}', /"i-5203422c0" is not an instance id/],
    ['what is not UTF-8', Buffer.from('{"instanceId":"\u00ff"}', 'latin1'), /not UTF-8/],
    ['a long instanceId, cut', JSON.stringify({ instanceId: 'x'.repeat(900) }), /"x{64}…" is not/],
  ];
  for (const method of ['POST', 'DELETE'])
    for (const [what, refused, says] of refusedBodies)
      it(`refuse, on ${method}, ${what}`, async () => {
        const response = await send(method, refused === undefined ? {} : { body: refused });
        assert.equal(response.status, 400);
        const message = await messageOf(response);
        assert.match(message, /^wrong data format: .*; send \{"instanceId": "i-…"\}/);
        assert.match(message, says);
      });

  const padded = (length: number) => body.padEnd(length, ' ');
  for (const method of ['POST', 'DELETE'])
    it(`refuse, on ${method}, a body above 16 KiB, announced or not`, async () => {
      const announced = await send(method, { body: padded(bodyLimit + 1) });
      assert.equal(announced.status, 413);
      assert.match(await messageOf(announced), /larger than 16384 bytes; send/);
      const stream = new Blob([padded(bodyLimit + 1)]).stream();
      const chunked = await send(method, { body: stream, duplex: 'half' });
      assert.equal(chunked.status, 413);
    });

  it('accept a body of exactly 16 KiB', async () => {
    assert.equal(bodyLimit, 16 * 1024);
    assert.equal(await messageOf(await send('POST', { body: padded(bodyLimit) })), id);
  });

  it('take a body that breaks off for malformed', async () => {
    const refusal = once(refusals, 'refusal');
    const socket = connect(server.port, '127.0.0.1');
    socket.end('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{"instanceId":');
    const [error] = (await refusal) as [unknown];
    socket.destroy();
    assert.ok(error instanceof DomainError);
    assert.equal(error.code, 'malformed_request');
    assert.match(error.message, /ended before it was complete; send it again/);
    assert.ok(error.cause instanceof Error);
  });

  for (const type of [
    'application/json',
    'application/x-www-form-urlencoded',
    'text/plain',
    'x/y; charset=z',
  ])
    it(`read JSON under Content-Type ${type}`, async () => {
      const response = await send('POST', { body, headers: { 'Content-Type': type } });
      assert.equal(await messageOf(response), id);
    });

  it('read a body with a byte order mark, blanks and other fields', async () => {
    const response = await send('POST', { body: `\uFEFF\n ${body.replace('{', '{"more":[1],')} \n` });
    assert.equal(await messageOf(response), id);
  });

  const queries: [what: string, query: string, body: string | undefined, status: number, says: RegExp][] = [
    ['refuse an empty query parameter', '?instanceId=', undefined, 400, /query parameter instanceId ""/],
    ['refuse a wrong query parameter', '?instanceId=x', undefined, 400, /query parameter instanceId "x"/],
    ['refuse it twice', `?instanceId=${id}&instanceId=${id}`, undefined, 400, /is not one string/],
    ['refuse one that differs from the body', '?instanceId=i-5203422c', body, 400, /different instances/],
    ['refuse a broken body beside it', `?instanceId=${id}`, '{', 400, /not JSON/],
    ['refuse another parameter', `?instanceid=${id}`, undefined, 400, /empty and there is no \?instanceId=/],
    ['refuse a body without instanceId beside it', `?instanceId=${id}`, '{"id":1}', 400, /Id is missing/],
    ['refuse null without it', '', 'null', 400, /empty and there is no \?instanceId=/],
    ['refuse an empty object without it', '', '{}', 400, /empty and there is no \?instanceId=/],
    ['take it where the body is null', `?instanceId=${id}`, 'null', 200, new RegExp(id)],
    ['take it where the body is an empty object', `?instanceId=${id}`, ' {\n}', 200, new RegExp(id)],
    ['take it where the body is empty', `?instanceId=${id}`, '', 200, new RegExp(id)],
    ['take the query parameter for the body', `?instanceId=${id}`, undefined, 200, new RegExp(id)],
    ['take both where they agree', `?instanceId=${id}`, body, 200, new RegExp(id)],
  ];
  for (const [what, query, given, status, says] of queries)
    it(`on DELETE, ${what}`, async () => {
      const response = await send('DELETE', given === undefined ? {} : { body: given }, `/${query}`);
      assert.equal(response.status, status);
      assert.match(await messageOf(response), says);
    });

  it('on POST, do not look at the query', async () => {
    assert.equal((await send('POST', {}, `/?instanceId=${id}`)).status, 400);
  });

  for (const [header, value, freshness] of [
    ['Cache-Control', '', {}],
    ['Cache-Control', 'no-cache', { noCache: true }],
    ['Cache-Control', 'max-age=5, No-Cache', { noCache: true }],
    ['Cache-Control', 'private, max-age=5', { maxAgeMs: 5000 }],
    ['Cache-Control', 'MAX-AGE="0"', { maxAgeMs: 0 }],
    ['Cache-Control', 'max-age=-1', {}],
    ['Cache-Control', 'max-age=soon', {}],
    ['Cache-Control', 's-maxage=5', {}],
    ['Pragma', 'no-cache', { noCache: true }],
  ] as const)
    it(`read ${header}: ${value} as ${JSON.stringify(freshness)}`, () => {
      const ctx = { get: (name: string) => (name === header ? value : '') };
      assert.deepEqual(readFreshness(ctx as AppContext), freshness);
    });

  it('refuse names that no load balancer can have, and say which in short', () => {
    for (const raw of [undefined, '', '-x', 'my elb', 'x'.repeat(33)])
      assert.throws(
        () => readElbName(raw),
        (error) => error instanceof DomainError && error.code === 'elb_not_found',
      );
    assert.throws(
      () => readElbName('y'.repeat(5000)),
      /^DomainError: the elb does not exist: "y{64}…" is not a valid load balancer name; a name has/,
    );
    assert.equal(readElbName('default-elb'), 'default-elb');
  });
});
