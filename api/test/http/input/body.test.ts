import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { DomainError } from '../../../errors.ts';
import { bodyLimit, readInstanceId, readInstanceIdOrQuery } from '../../../http/input/body.ts';
import { messageOf } from '../../support/service.ts';
import { serverOf, type SmallServer } from '../server-of.ts';

const id = 'i-0a4f8c3e9d1b27650';
const body = JSON.stringify({ instanceId: id });

describe('readInstanceId (POST) and readInstanceIdOrQuery (DELETE)', () => {
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
    ['an empty body', undefined, /the body is empty/],
    ['a body of blanks', ' \r\n\t', /the body is empty/],
    ['a body that is not JSON', 'instanceId=i-5203422c', /not JSON/],
    ['truncated JSON', body.slice(0, -1), /not JSON/],
    ['a number', '7', /not a JSON object/],
    ['a string', '"i-5203422c"', /not a JSON object/],
    ['null', 'null', /the body is empty/],
    ['an array', `[${body}]`, /not a JSON object/],
    ['an object without instanceId', '{"instanceid":"i-5203422c"}', /instanceId is missing/],
    ['an inherited name', '{"__proto__":{"instanceId":"i-5203422c"}}', /instanceId is (missing|not)/],
    ['a number as instanceId', '{"instanceId":5203422}', /instanceId is not a single string/],
    ['null as instanceId', '{"instanceId":null}', /instanceId is not a single string/],
    ['a list as instanceId', '{"instanceId":["i-5203422c"]}', /instanceId is not a single string/],
    ['an empty instanceId', '{"instanceId":""}', /instanceId "" is not an instance id/],
    ['an instanceId in capitals', '{"instanceId":"I-5203422C"}', /"I-5203422C" is not an instance id/],
    ['an instanceId of 9 digits', '{"instanceId":"i-5203422c0"}', /"i-5203422c0" is not an instance id/],
    ['a body that is not UTF-8', Buffer.from('{"instanceId":"\u00ff"}', 'latin1'), /not UTF-8/],
    [
      'a long instanceId, shortened in the error',
      JSON.stringify({ instanceId: 'x'.repeat(900) }),
      /"x{64}…" is not/,
    ],
  ];
  for (const method of ['POST', 'DELETE'])
    for (const [what, refused, says] of refusedBodies)
      it(`refuses ${what} on ${method}`, async () => {
        const response = await send(method, refused === undefined ? {} : { body: refused });
        assert.equal(response.status, 400);
        const message = await messageOf(response);
        assert.match(message, /^wrong data format: .*; send \{"instanceId": "i-…"\}/);
        assert.match(message, says);
      });

  const padded = (length: number) => body.padEnd(length, ' ');
  for (const method of ['POST', 'DELETE'])
    it(`refuses a body above 16 KiB on ${method}, with Content-Length or chunked`, async () => {
      const announced = await send(method, { body: padded(bodyLimit + 1) });
      assert.equal(announced.status, 413);
      assert.match(await messageOf(announced), /larger than 16384 bytes; send/);
      const stream = new Blob([padded(bodyLimit + 1)]).stream();
      const chunked = await send(method, { body: stream, duplex: 'half' });
      assert.equal(chunked.status, 413);
    });

  it('accepts a body of exactly 16 KiB', async () => {
    assert.equal(bodyLimit, 16 * 1024);
    assert.equal(await messageOf(await send('POST', { body: padded(bodyLimit) })), id);
  });

  it('throws malformed_request if the body ends early', async () => {
    const refusal = once(refusals, 'refusal');
    const socket = connect(server.port, '127.0.0.1');
    socket.end('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{"instanceId":');
    const [error] = (await refusal) as [unknown];
    socket.destroy();
    assert.ok(error instanceof DomainError);
    assert.equal(error.code, 'malformed_request');
    assert.match(error.message, /the body is incomplete; send it again/);
    assert.ok(error.cause instanceof Error);
  });

  for (const type of [
    'application/json',
    'application/x-www-form-urlencoded',
    'text/plain',
    'x/y; charset=z',
  ])
    it(`reads JSON with Content-Type ${type}`, async () => {
      const response = await send('POST', { body, headers: { 'Content-Type': type } });
      assert.equal(await messageOf(response), id);
    });

  it('reads a body with a byte order mark, blanks and other fields', async () => {
    const response = await send('POST', { body: `\uFEFF\n ${body.replace('{', '{"more":[1],')} \n` });
    assert.equal(await messageOf(response), id);
  });

  const queries: [what: string, query: string, body: string | undefined, status: number, says: RegExp][] = [
    ['refuses an empty query parameter', '?instanceId=', undefined, 400, /query parameter instanceId ""/],
    ['refuses an invalid query parameter', '?instanceId=x', undefined, 400, /query parameter instanceId "x"/],
    [
      'refuses a repeated query parameter',
      `?instanceId=${id}&instanceId=${id}`,
      undefined,
      400,
      /is not a single string/,
    ],
    [
      'refuses a query parameter that differs from the body',
      '?instanceId=i-5203422c',
      body,
      400,
      /different instance ids/,
    ],
    ['refuses invalid JSON with a query parameter', `?instanceId=${id}`, '{', 400, /not JSON/],
    [
      'refuses a query parameter in another case',
      `?instanceid=${id}`,
      undefined,
      400,
      /empty and the query has no instanceId/,
    ],
    [
      'refuses a body without instanceId with a query parameter',
      `?instanceId=${id}`,
      '{"id":1}',
      400,
      /Id is missing/,
    ],
    ['refuses null without a query parameter', '', 'null', 400, /empty and the query has no instanceId/],
    [
      'refuses an empty object without a query parameter',
      '',
      '{}',
      400,
      /empty and the query has no instanceId/,
    ],
    ['reads the query parameter if the body is null', `?instanceId=${id}`, 'null', 200, new RegExp(id)],
    [
      'reads the query parameter if the body is an empty object',
      `?instanceId=${id}`,
      ' {\n}',
      200,
      new RegExp(id),
    ],
    ['reads the query parameter if the body is empty', `?instanceId=${id}`, '', 200, new RegExp(id)],
    ['reads the query parameter without a body', `?instanceId=${id}`, undefined, 200, new RegExp(id)],
    ['accepts a query parameter that equals the body', `?instanceId=${id}`, body, 200, new RegExp(id)],
  ];
  for (const [what, query, given, status, says] of queries)
    it(`${what} on DELETE`, async () => {
      const response = await send('DELETE', given === undefined ? {} : { body: given }, `/${query}`);
      assert.equal(response.status, status);
      assert.match(await messageOf(response), says);
    });

  it('ignores the query on POST', async () => {
    assert.equal((await send('POST', {}, `/?instanceId=${id}`)).status, 400);
  });
});
