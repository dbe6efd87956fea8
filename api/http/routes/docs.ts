import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type Router from '@koa/router';
import type { Context } from 'koa';
import helmet from 'koa-helmet';

export interface DocsFiles {
  /** The path of swagger.yaml. */
  readonly swaggerYaml: string;
  /** The path of the folder swagger-ui-dist. */
  readonly swaggerUi: string;
}

const assets = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>elb-inventory: API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css">
    <style>body { margin: 0 }</style>
    <link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

/**
 * `validatorUrl` is null because the validator badge would send the document to a public service. `omit` is required
 * because the browser would otherwise show its own dialog on a 401 response, and would send stored credentials in
 * addition to those from the Authorize dialog.
 */
const start = `SwaggerUIBundle({
  url: '/swagger.yaml',
  dom_id: '#swagger-ui',
  validatorUrl: null,
  deepLinking: true,
  tryItOutEnabled: true,
  requestInterceptor: (request) => Object.assign(request, { credentials: 'omit' }),
});
`;

/**
 * Helmet's headers (https://helmetjs.github.io). Its default policy has `upgrade-insecure-requests`, which would make
 * browsers load the scripts over HTTPS where the service has only HTTP. Swagger UI uses inline styles and icons in data:
 * URLs; all other files come from this service. Subdomains can belong to services without HTTPS.
 */
const securityHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      scriptSrcAttr: ["'none'"],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  strictTransportSecurity: { includeSubDomains: false },
  xFrameOptions: { action: 'deny' },
});

/**
 * Adds the routes of the Swagger document and Swagger UI, which require no authentication. The pages load no files from
 * other hosts.
 */
export function docsRoutes(router: Router, { swaggerYaml, swaggerUi }: DocsFiles): void {
  router.use(securityHeaders);
  router.get('/swagger.yaml', async (ctx) => {
    await sendFile(ctx, swaggerYaml);
    ctx.type = 'application/yaml; charset=utf-8';
  });
  router.get('/docs', (ctx) => {
    ctx.type = 'html';
    ctx.body = page;
  });
  router.get('/docs/start.js', (ctx) => {
    ctx.type = 'js';
    ctx.body = start;
  });
  for (const asset of assets) {
    router.get(`/docs/${asset}`, async (ctx) => {
      await sendFile(ctx, join(swaggerUi, asset));
      ctx.type = asset;
      ctx.set('Cache-Control', 'public, max-age=3600');
    });
  }
}

/** If the file is missing, throws before any part of the response is sent. */
async function sendFile(ctx: Context, path: string): Promise<void> {
  const { size } = await stat(path);
  ctx.body = createReadStream(path);
  ctx.length = size;
}
