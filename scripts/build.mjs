// Builds dist/service.mjs (the service in one file), dist/server.js (which starts it) and dist/docs (the documentation pages).
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { bundleService } from './bundle.mjs';

rmSync('dist', { recursive: true, force: true });
await bundleService('dist/service.mjs', { minify: true });
cpSync('scripts/entry.mjs', 'dist/server.js');

mkdirSync('dist/docs');
cpSync('swagger.yaml', 'dist/docs/swagger.yaml');
const swaggerUi = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png', 'LICENSE', 'NOTICE']) {
  cpSync(join(swaggerUi, file), join('dist/docs', file));
}
