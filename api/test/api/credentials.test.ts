import assert from 'node:assert/strict';
import { type EmbeddedAws, startEmbeddedAws } from '../../embedded-aws/server.ts';
import { messageOf, secondToken, type Service, startService, token } from '../support/service.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

const refused: [string, string | undefined][] = [
  ['no credentials', undefined],
  ['an empty header', ''],
  ['a scheme alone', 'Basic'],
  ['what is not base64', 'Basic %%%'],
  ['base64 without a colon', `Basic ${base64('tester')}`],
  ['a wrong password', `Basic ${base64('tester:wrong')}`],
  ['an empty password', `Basic ${base64('tester:')}`],
  ['a wrong user', `Basic ${base64('nobody:c:olon ü')}`],
  ['an empty user', `Basic ${base64(':c:olon ü')}`],
  ['two empty halves', `Basic ${base64(':')}`],
  ['the user of one token with the password of another', `Basic ${base64('tester:next')}`],
  ['another scheme with the right token', `Bearer ${token}`],
  ['the right token without a scheme', token],
  ['the two tokens of API_TOKEN as they stand there', `Basic ${token},${secondToken}`],
];

describe('Credentials', () => {
  let aws: EmbeddedAws;
  let service: Service;
  before(async () => {
    aws = await startEmbeddedAws();
    service = await startService(aws.url);
  });
  after(async () => {
    await service.close();
    await aws.close();
  });

  for (const [what, authorization] of refused)
    it(`answers 401 and the challenge to ${what}`, async () => {
      const response = await fetch(`${service.url}/elb/default-elb`, {
        headers: authorization === undefined ? {} : { Authorization: authorization },
      });
      assert.equal(response.status, 401);
      assert.equal(response.headers.get('www-authenticate'), 'Basic realm="elb-inventory", charset="UTF-8"');
      assert.match(await messageOf(response), /Authorization: Basic/);
      assert.equal(aws.calls().calls, 0);
    });

  for (const [method, path] of [
    ['GET', '/'],
    ['GET', '/no-such-path'],
    ['GET', '/elb/-impossible-'],
    ['OPTIONS', '/elb/default-elb'],
    ['PATCH', '/elb/default-elb'],
    ['POST', '/healthcheck'],
  ] as const)
    it(`tells nothing of ${method} ${path} without credentials`, async () => {
      const response = await fetch(service.url + path, { method });
      assert.equal(response.status, 401);
    });

  for (const valid of [token, secondToken])
    it(`accepts each token of API_TOKEN: ${Buffer.from(valid, 'base64').toString()}`, async () => {
      const response = await fetch(`${service.url}/elb/empty-elb`, {
        headers: { Authorization: `Basic ${valid}` },
      });
      assert.equal(response.status, 200);
    });

  it('takes the name of the scheme in any case (RFC 7617)', async () => {
    const response = await fetch(`${service.url}/elb/empty-elb`, {
      headers: { Authorization: `bASIC ${token}` },
    });
    assert.equal(response.status, 200);
  });
});

describe('Paths and methods, with credentials', () => {
  let aws: EmbeddedAws;
  let service: Service;
  before(async () => {
    aws = await startEmbeddedAws();
    service = await startService(aws.url);
  });
  after(async () => {
    await service.close();
    await aws.close();
  });

  for (const path of ['/', '/no-such-path', '/elb/a/b', '/ELB/default-elb', '/healthcheck/x'])
    it(`answers 404 to ${path}`, async () => {
      const response = await service.request(path);
      assert.equal(response.status, 404);
      assert.match(await messageOf(response), /nothing at this path/);
    });

  for (const [method, path, allow] of [
    ['PUT', '/elb/default-elb', 'DELETE, GET, HEAD, POST'],
    ['PATCH', '/elb/default-elb', 'DELETE, GET, HEAD, POST'],
    ['OPTIONS', '/elb/default-elb', 'DELETE, GET, HEAD, POST'],
    ['PROPFIND', '/elb/default-elb', 'DELETE, GET, HEAD, POST'],
    ['POST', '/healthcheck', 'GET, HEAD'],
    ['DELETE', '/healthcheck', 'GET, HEAD'],
    ['OPTIONS', '/healthcheck', 'GET, HEAD'],
  ] as const)
    it(`answers 405 and Allow to ${method} ${path}`, async () => {
      const response = await service.request(path, { method });
      assert.equal(response.status, 405);
      assert.equal(response.headers.get('allow'), allow);
      assert.ok((await messageOf(response)).includes(`${method} is not allowed`));
    });
});
