import { copyFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeClient, full } from './calls.ts';
import { generateClient, run } from './generator.ts';

const program = fileURLToPath(new URL('programs/program.go', import.meta.url));

if (full)
  describeClient('Go', ['java', 'go'], async () => {
    const folder = await generateClient('go', { packageName: 'inventory' });
    mkdirSync(`${folder}/program`);
    copyFileSync(program, `${folder}/program/program.go`);
    await run('go', ['mod', 'edit', '-module', 'elb.example/inventory'], folder);
    await run('go', ['build', '-o', 'calls', './program'], folder);
    return [`${folder}/calls`];
  });
