import assert from 'node:assert/strict';
import { type EmbeddedAws, startEmbeddedAws } from '../../embedded-aws/server.ts';
import { type Service, startService, token } from '../support/service.ts';
import { assertAnswerFits } from './answer-schema.ts';
import { pageRoutes, readSwagger, swaggerText } from './swagger.ts';

const pages = pageRoutes.map((route) => route.replace('GET ', ''));
const types: Record<string, RegExp> = {
  '/docs': /^text\/html; charset=utf-8$/,
  '/docs/favicon-32x32.png': /^image\/png$/,
  '/docs/start.js': /^(?:text|application)\/javascript; charset=utf-8$/,
  '/docs/swagger-ui-bundle.js': /^(?:text|application)\/javascript; charset=utf-8$/,
  '/docs/swagger-ui.css': /^text\/css; charset=utf-8$/,
  '/swagger.yaml': /^application\/yaml; charset=utf-8$/,
};

let aws: EmbeddedAws;
let service: Service;

/** Starts the embedded AWS and the service for the tests of a block. */
function withService(env: Record<string, string>): void {
  before(async () => {
    aws = await startEmbeddedAws();
    service = await startService(aws.url, env);
  });
  after(async () => {
    await service.close();
    await aws.close();
  });
}

/** Uses Connection: close, because a keep-alive connection would delay the shutdown of the service by 5 s. */
const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(service.url + path, { method, headers: { Connection: 'close', ...headers } });

/** The defaults of helmet 8.3 (https://helmetjs.github.io), except that the pages cannot be framed at all. */
const securityHeaders: Record<string, string> = {
  'Content-Security-Policy':
    "default-src 'self';style-src 'self' 'unsafe-inline';img-src 'self' data:;script-src-attr 'none';" +
    "object-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Origin-Agent-Cluster': '?1',
  'Referrer-Policy': 'no-referrer',
  'Strict-Transport-Security': 'max-age=31536000',
  'X-Content-Type-Options': 'nosniff',
  'X-DNS-Prefetch-Control': 'off',
  'X-Download-Options': 'noopen',
  'X-Frame-Options': 'DENY',
  'X-Permitted-Cross-Domain-Policies': 'none',
  'X-XSS-Protection': '0',
};

describe('The documentation pages with DOCS=off', () => {
  withService({ DOCS: 'off' });

  for (const path of pages) {
    it(`are disabled, so ${path} returns 401 without credentials and 404 with credentials`, async () => {
      const credentials = { Authorization: `Basic ${token}` };
      for (const [headers, status] of [[{}, 401] as const, [credentials, 404] as const]) {
        const answer = await get(path, headers);
        assert.equal(answer.status, status);
        assertAnswerFits('GET', path, { status, headers: answer.headers, body: await answer.text() });
      }
    });
  }
});

describe('The documentation pages', () => {
  withService({});

  it('list the same paths for an unknown path as the service', async () => {
    const answer = await get('/no-such-path', { Authorization: `Basic ${token}` });
    const examples = readSwagger().responses?.['PathNotFound']?.examples;
    assert.deepEqual(await answer.json(), examples?.['application/json']);
  });

  it('do not include further files below /docs', async () => {
    for (const path of ['/docs/', '/docs/package.json', '/docs/..%2fpackage.json', '/docs/swagger-ui.js']) {
      const answer = await get(path);
      assert.equal(answer.status, path === '/docs/' ? 200 : 401, path);
    }
  });

  for (const path of pages) {
    it(`are public and have type, length and security headers on GET and HEAD of ${path}`, async () => {
      const [got, head] = await Promise.all([get(path), get(path, {}, 'HEAD')]);
      const body = await got.arrayBuffer();
      assert.notEqual(body.byteLength, 0);
      assert.equal((await head.arrayBuffer()).byteLength, 0);
      for (const { status, headers } of [got, head]) {
        assert.equal(status, 200);
        assert.match(headers.get('Content-Type') ?? '', types[path]!);
        assert.equal(headers.get('Content-Length'), String(body.byteLength));
        for (const [name, value] of Object.entries(securityHeaders))
          assert.equal(headers.get(name), value, name);
      }
    });
  }

  it('send no AWS calls', () => {
    assert.equal(aws.calls().calls, 0);
  });

  it('allow no other origin in their Content-Security-Policy', async () => {
    const policy = (await get('/docs')).headers.get('Content-Security-Policy') ?? '';
    const sources = policy.split(';').flatMap((directive) => directive.trim().split(' ').slice(1));
    assert.deepEqual([...new Set(sources)].sort(), ["'none'", "'self'", "'unsafe-inline'", 'data:']);
  });

  it('run no inline scripts', async () => {
    const html = await (await get('/docs')).text();
    const policy = securityHeaders['Content-Security-Policy']!.replace(
      "style-src 'self' 'unsafe-inline'",
      '',
    );
    assert.doesNotMatch(policy, /unsafe|script-src /);
    assert.doesNotMatch(html, /<script(?![^>]* src=)|\son\w+=/);
  });

  it('link to exactly the assets that the service has', async () => {
    const html = await (await get('/docs')).text();
    const named = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, url = '']) => url);
    const wanted = pages.filter((path) => path.startsWith('/docs/'));
    assert.deepEqual(named.sort(), wanted.sort());
  });

  it('load swagger.yaml from the service and disable the external validator', async () => {
    const script = await (await get('/docs/start.js')).text();
    assert.match(script, /\burl: '\/swagger\.yaml'/);
    assert.match(script, /\bvalidatorUrl: null\b/);
    assert.doesNotMatch(script, /\/\//);
  });

  it('have styles that load no further files', async () => {
    const css = await (await get('/docs/swagger-ui.css')).text();
    const urls = [...css.matchAll(/url\(\s*["']?(.{5})/g)].map(([, start]) => start);
    assert.deepEqual([...new Set(urls)], ['data:']);
    assert.doesNotMatch(css, /@import/);
  });

  it('include the swagger.yaml of the repository unchanged', async () => {
    assert.equal(await (await get('/swagger.yaml')).text(), swaggerText());
  });
});
