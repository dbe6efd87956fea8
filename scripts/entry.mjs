// dist/server.js: checks the version of Node, then starts the service. It uses no import statement and no syntax that an
// old Node lacks; the service itself would fail there with an unclear error.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `elb-inventory needs Node 20.19 or newer, but this is ${process.versions.node}; install a newer version of Node.`,
  );
  process.exitCode = 1;
} else {
  // As process 1 of a container, Node ignores signals without a handler; handle them until the service does.
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
  import('./service.mjs');
}
