import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../../api/test/support/process.ts';
import type { Engine } from './engines.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Versions of the service, each on its own branch: the changed file and the change. */
const changes = {
  // Like older versions, this version runs as user 1000 and has no readiness check. The other versions run as user 10001,
  // and share the port with it.
  next: [
    'Dockerfile',
    (text: string) =>
      text
        .replace('USER 10001:10001', 'USER 1000:1000')
        .replace('elb-inventory.readiness="true"', 'elb-inventory.older="true"')
        .replace('-o elb-inventory -g elb-inventory', '-o node -g node'),
  ],
  unbuildable: [
    'Dockerfile',
    (text: string) => text.replace('WORKDIR /build', 'WORKDIR /build\nRUN no-such-script'),
  ],
  // This version has the fault that FAULT selects, if FAULT is set; one image for all faults is built faster than one each.
  another: [
    'api/app.ts',
    (text: string) =>
      text
        .replace(
          '  app.use(open.routes());',
          `  const fault = process.env['FAULT'];
  const exitSoon = () =>
    setTimeout(() => {
      console.log('exited on purpose');
      process.exit(3);
    }, 3000);
  if (fault === 'exit') exitSoon();
  app.use((ctx, next) => {
    if (fault !== 'sick') return next();
    ctx.status = 500;
  });
  app.use(open.routes());`,
        )
        .replace(
          '  app.use(guarded.routes());',
          `  let exits: NodeJS.Timeout | undefined;
  app.use((ctx, next) => {
    const onPort = ctx.req.socket.remoteAddress !== undefined;
    if (fault === '500' || (fault === '500-on-port' && onPort)) throw new Error('failed on purpose');
    if (fault === 'exit-on-port' && onPort) exits ??= exitSoon();
    return next();
  });
  app.use(guarded.routes());`,
        ),
  ],
} as const;
export type Version = 'main' | keyof typeof changes;

/** Builds the versions on one engine, and copies them to another as `built:COMMIT`; a build there would take longer. */
export async function copyImages(
  repository: string,
  commits: readonly string[],
  from: Engine,
  to: Engine,
): Promise<void> {
  const pipe = (command: string): Promise<string> => run('bash', ['-o', 'pipefail', '-c', command], from.env);
  for (const commit of commits) {
    const options = `--quiet --network host --build-arg COMMIT=${commit} --tag built:${commit}`;
    // The modes of builder.sh, so that the layers are reused.
    const archive = `git -C ${repository} -c tar.umask=0022 archive ${commit}`;
    await pipe(`${archive} | docker build ${options} -`);
  }
  const images = commits.map((commit) => `built:${commit}`).join(' ');
  await pipe(`docker save ${images} | DOCKER_HOST=${to.env['DOCKER_HOST'] ?? ''} docker load`);
}

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
