import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { sameOrigin } from '../../../http/middleware/same-origin.ts';
import { serverOf, type SmallServer } from '../server-of.ts';

describe('sameOrigin', () => {
  let server: SmallServer;
  before(async () => {
    server = await serverOf(sameOrigin(), (ctx) => {
      ctx.body = 'through';
    });
  });
  after(() => server.close());

  /** Uses `request`, because fetch would set these headers itself. */
  async function statusOf(headers: Record<string, string>): Promise<number | undefined> {
    const sent = request(server.url, { method: 'POST', headers });
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode;
  }

  const refused: Record<string, string>[] = [
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { 'Sec-Fetch-Site': 'Same-Origin' },
    { 'Sec-Fetch-Site': 'anything else' },
    { 'Sec-Fetch-Site': 'cross-site', Origin: 'http://api.example', Host: 'api.example' },
    { Origin: 'https://evil.example', Host: 'api.example' },
    { Origin: 'https://api.example.evil.example', Host: 'api.example' },
    { Origin: 'https://evil.example/api.example', Host: 'api.example' },
    { Origin: 'https://api.example@evil.example', Host: 'api.example' },
    { Origin: 'http://api.example:8000', Host: 'api.example' },
    { Origin: 'http://api.example', Host: 'api.example:8000' },
    { Origin: 'https://api.example:80', Host: 'api.example' },
    { Origin: 'null', Host: 'null' },
    { Origin: 'file://', Host: 'api.example' },
    { Origin: 'api.example', Host: 'api.example' },
  ];
  for (const headers of refused)
    it(`refuses ${JSON.stringify(headers)}`, async () => {
      assert.equal(await statusOf(headers), 403);
    });

  const accepted: Record<string, string>[] = [
    {},
    { 'Sec-Fetch-Site': 'same-origin' },
    { 'Sec-Fetch-Site': 'none' },
    { 'Sec-Fetch-Site': 'same-origin', Origin: 'https://evil.example', Host: 'api.example' },
    { Origin: 'http://api.example', Host: 'api.example' },
    { Origin: 'https://api.example', Host: 'api.example' },
    { Origin: 'https://api.example', Host: 'api.example:443' },
    { Origin: 'http://api.example:80', Host: 'api.example' },
    { Origin: 'http://API.example:8000', Host: 'api.EXAMPLE:8000' },
    { Origin: 'http://[::1]:8000', Host: '[::1]:8000' },
  ];
  for (const headers of accepted)
    it(`accepts ${JSON.stringify(headers)}`, async () => {
      assert.equal(await statusOf(headers), 200);
    });

  it('explains from where to send the change', async () => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { Origin: 'https://evil.example' },
    });
    assert.deepEqual(await response.json(), {
      message:
        'a browser sent this change from another site; send it from the pages of this service or from a program',
    });
  });
});
