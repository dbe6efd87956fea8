import { copyFileSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeClient, full } from './calls.ts';
import { generateClient } from './generator.ts';
import { run } from '../support/process.ts';

const program = fileURLToPath(new URL('programs/Program.java', import.meta.url));

if (full)
  describeClient('Java', ['java', 'mvn'], async () => {
    const folder = await generateClient('java', {});
    copyFileSync(program, `${folder}/src/main/java/Program.java`);
    const goals = ['compile', 'dependency:build-classpath', '-Dmdep.outputFile=classpath', '-DskipTests'];
    await run('mvn', ['--batch-mode', '--quiet', ...goals], {}, { cwd: folder });
    const libraries = readFileSync(`${folder}/classpath`, 'utf8').trim();
    return ['java', '-cp', `${folder}/target/classes:${libraries}`, 'Program'];
  });
