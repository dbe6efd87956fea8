// Installs the packages of package-lock.json if they are missing or old, so that `npm start` and `npm test` work in a new
// clone. It runs before any package is installed, so it uses only Node.
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';

const [major, minor] = process.versions.node.split('.').map(Number);
const { engines } = JSON.parse(readFileSync('package.json', 'utf8'));
const [wantedMajor, wantedMinor] = engines.node.match(/\d+/g).map(Number);
if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor)) {
  console.error(
    `This needs Node ${engines.node}, but this is ${process.versions.node}; install a newer version of Node first.`,
  );
  process.exit(1);
}

const written = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (written('node_modules/.package-lock.json') < written('package-lock.json')) {
  console.error('Installing the packages (once) …');
  // With NODE_ENV=production, npm would not install the tools that start and test the service.
  const { status } = spawnSync('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], {
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
}
