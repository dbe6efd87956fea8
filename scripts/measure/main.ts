// Implements npm run bench and npm run capacity. The first argument is the program; the others are its options.
import { bench } from './bench.ts';
import { capacity } from './capacity.ts';
import { UsageError } from './options.ts';

const [program, ...args] = process.argv.slice(2);
const status = await (program === 'bench' ? bench(args) : capacity(args)).catch((error: unknown) => {
  const { message } = error as Error;
  console.error(error instanceof UsageError ? `${message} See --help.` : message);
  return error instanceof UsageError ? 2 : 1;
});
// A server that is still running would keep the event loop busy.
process.exit(status);
