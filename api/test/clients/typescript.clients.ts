import { copyFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeClient } from './calls.ts';
import { generateClient } from './generator.ts';
import { run } from '../support/process.ts';

const program = fileURLToPath(new URL('programs/typescript.ts', import.meta.url));
const tsc = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url));

describeClient('TypeScript', ['java'], async () => {
  const folder = await generateClient('typescript-fetch', { importFileExtension: '.js' });
  copyFileSync(program, `${folder}/program.ts`);
  // The options of a typical client project, except for noUnusedLocals, because the generated files contain unused
  // imports.
  const compilerOptions = {
    ...{ target: 'es2022', module: 'nodenext', strict: true, exactOptionalPropertyTypes: false },
    ...{ lib: ['es2022', 'dom'], types: ['node'], skipLibCheck: true, outDir: 'dist', rootDir: '.' },
  };
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions }));
  writeFileSync(`${folder}/package.json`, '{ "type": "module" }');
  await run(process.execPath, [tsc, '--project', folder]);
  return [process.execPath, `${folder}/dist/program.js`];
});
