// Builds dist/service.mjs (the service in one file), dist/tracer.mjs (which it loads to export spans), dist/server.js (which
// starts it), dist/docs (the documentation pages) and dist/sbom.cdx.json (the packages in them).
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { billOfMaterials } from './bill-of-materials.mjs';
import { bundleService } from './bundle.mjs';

rmSync('dist', { recursive: true, force: true });
const results = await bundleService('dist/service.mjs', { minify: true, metafile: true });
cpSync('scripts/entry.mjs', 'dist/server.js');

mkdirSync('dist/docs');
cpSync('swagger.yaml', 'dist/docs/swagger.yaml');
const swaggerUi = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png', 'LICENSE', 'NOTICE']) {
  cpSync(join(swaggerUi, file), join('dist/docs', file));
}

const bundled = results
  .flatMap(({ metafile }) => Object.values(metafile.outputs))
  .flatMap(({ inputs }) => Object.entries(inputs))
  .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  .map(([file]) => file);
const bill = billOfMaterials([...bundled, 'node_modules/swagger-ui-dist/package.json']);
writeFileSync('dist/sbom.cdx.json', `${JSON.stringify(bill, undefined, 1)}\n`);
