// Runs the tests with coverage and, in parallel at low priority, the type check, the linter and the formatter.
// Prints the output of both, and exits with 1 if one of them fails.
import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';

// The terminal sends Ctrl-C to both children; this process exits after them.
process.on('SIGINT', () => {});

const checks = run('check', ['ignore', 'pipe', 'pipe']);
// The tests mostly wait for timers; checks at the same priority would delay them.
if (checks.child.pid !== undefined) setPriority(checks.child.pid, 10);
const tests = run('test:coverage', 'inherit');

const testsPassed = await tests.passed;
const checksPassed = await checks.passed;
process.stdout.write(`\n${checks.output()}`);
for (const [name, passed] of [
  ['test:coverage', testsPassed],
  ['check', checksPassed],
])
  if (!passed) console.error(`npm run ${name} failed.`);
process.exitCode = testsPassed && checksPassed ? 0 : 1;

/** Starts a script of package.json. */
function run(script, stdio) {
  const child = spawn('npm', ['run', script], { stdio });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
  const passed = new Promise((resolve) => {
    child.once('error', (error) => {
      output += `npm cannot start: ${error.message}\n`;
      resolve(false);
    });
    child.once('close', (code) => resolve(code === 0));
  });
  return { child, passed, output: () => output };
}
