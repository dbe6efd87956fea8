import { copyFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeClient, full } from './calls.ts';
import { generateClient } from './generator.ts';
import { run } from '../support/process.ts';

const program = fileURLToPath(new URL('programs/program.go', import.meta.url));

if (full)
  describeClient('Go', ['java', 'go'], async () => {
    const folder = await generateClient('go', { packageName: 'inventory' });
    mkdirSync(`${folder}/program`);
    copyFileSync(program, `${folder}/program/program.go`);
    await run('go', ['mod', 'edit', '-module', 'elb.example/inventory'], {}, { cwd: folder });
    await run('go', ['build', '-o', 'calls', './program'], {}, { cwd: folder });
    return [`${folder}/calls`];
  });
