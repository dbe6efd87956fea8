import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../../api/test/support/process.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Versions of the service, each on its own branch: the changed file and the change. */
const changes = {
  // Like older versions, this version runs as another user, with whom the other versions share the port, and has no
  // readiness check.
  next: [
    'Dockerfile',
    (text: string) =>
      text
        .replace('USER 10001:10001', 'USER 1000:1000')
        .replace('elb-inventory.readiness="true"', 'elb-inventory.older="true"')
        .replace('-o elb-inventory -g elb-inventory', '-o node -g node'),
  ],
  another: ['api/server.ts', (text: string) => `${text}\n// One more.\n`],
  'always-sick': [
    'api/http/routes/healthcheck.ts',
    (text: string) => text.replace("presentText('ok');", "presentText('ok');\n    ctx.status = 500;"),
  ],
  unbuildable: [
    'Dockerfile',
    (text: string) => text.replace('npm run --silent build', 'npm run no-such-script'),
  ],
  crashing: [
    'api/server.ts',
    (text: string) =>
      `${text}\nsetTimeout(() => { console.log('crashed on purpose'); process.exit(3); }, 3000);\n`,
  ],
  // This version has the fault that FAULT selects.
  faulty: [
    'api/app.ts',
    (text: string) =>
      text.replace(
        '  app.use(guarded.routes());',
        `  const fault = process.env['FAULT'];
  let exits: NodeJS.Timeout | undefined;
  app.use((ctx, next) => {
    const onPort = ctx.req.socket.remoteAddress !== undefined;
    if (fault === '500' || (fault === 'port' && onPort)) throw new Error('failed on purpose');
    if (fault === 'exit' && onPort)
      exits ??= setTimeout(() => {
        console.log('exited on purpose');
        process.exit(3);
      }, 3000);
    return next();
  });
  app.use(guarded.routes());`,
      ),
  ],
} as const;
export type Version = 'main' | keyof typeof changes;

/**
 * Creates a repository from the files in this clone, with `main` and a branch for each other version. Returns their
 * commits.
 */
export async function makeRepository(folder: string): Promise<Record<Version, string>> {
  const git = (...args: string[]): Promise<string> =>
    run('git', ['-C', folder, '-c', 'user.name=test', '-c', 'user.email=test@localhost', ...args]);
  const files = await run('git', [
    '-C',
    root,
    'ls-files',
    '-z',
    '--cached',
    '--others',
    '--exclude-standard',
  ]);
  for (const file of new Set(files.split('\0').filter(Boolean))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  await git('init', '-q', '-b', 'main');
  await git('add', '--all');
  await git('commit', '-q', '--no-verify', '-m', 'main');
  const commits: Partial<Record<Version, string>> = { main: await git('rev-parse', 'HEAD') };
  for (const [branch, [file, change]] of Object.entries(changes)) {
    await git('checkout', '-q', '-b', branch, 'main');
    const before = readFileSync(join(folder, file), 'utf8');
    const after = change(before);
    if (after === before)
      throw new Error(`${file} no longer has the text that the version ${branch} changes`);
    writeFileSync(join(folder, file), after);
    await git('commit', '-q', '--no-verify', '--all', '-m', branch);
    commits[branch as Version] = await git('rev-parse', 'HEAD');
  }
  await git('checkout', '-q', 'main');
  return commits as Record<Version, string>;
}
