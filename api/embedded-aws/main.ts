import { readOptions, USAGE, UsageError } from './options.ts';
import { type EmbeddedAws, startEmbeddedAws } from './server.ts';

function describe({ url, region }: EmbeddedAws): string {
  const names = region.loadBalancers().map(({ spec }) => spec.name);
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return [
    `Embedded AWS (${region.name}) on ${url}`,
    `  load balancers: ${names.slice(0, 3).join(', ')}${more}; instances: ${region.instances().length}`,
    `  control API:    curl ${url}/_control/calls`,
    `  any credentials are accepted; try:`,
    `  AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test aws --region ${region.name} --endpoint-url ${url} elb describe-load-balancers`,
    '',
  ].join('\n');
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(USAGE);
    return;
  }
  const aws = await startEmbeddedAws(options);
  process.stdout.write(describe(aws));
  const close = () => void aws.close();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, close);
  if (process.env['npm_lifecycle_event'] !== undefined) onEndOfParent(close);
}

/** npm forwards only SIGTERM and SIGINT. */
function onEndOfParent(close: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    close();
  }, 500).unref();
}

function explain(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE')
    return 'The port is already in use; choose another port with --port, or use --port 0 for any free port.';
  if (code === 'EACCES') return 'The port requires more privileges; choose a port above 1023 with --port.';
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return 'The address in --host is not an address of this machine.';
  return message;
}

// The server continues to run if the reader of the output closes the pipe.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
main().catch((error: unknown) => {
  const usage = error instanceof UsageError;
  process.stderr.write(usage ? `${error.message} See --help.\n` : `${explain(error)}\n`);
  process.exitCode = usage ? 2 : 1;
});
