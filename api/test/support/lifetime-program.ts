import { Lifetime } from '../../lifetime.ts';
import { LogStream } from '../../logger/log-stream.ts';

/**
 * A program for lifetime.test.ts. The argument is `log-is-blocked`, or a signal to receive before the Lifetime is
 * created.
 */
const [, , what = ''] = process.argv;
if (what === 'log-is-blocked') {
  const log = new LogStream(3);
  const silent = () => undefined;
  new Lifetime().running = { log, logger: { debug: silent, info: silent, warn: silent, error: silent } };
  for (let n = 0; n < 200; n += 1) log.write('x'.repeat(999));
  setInterval(() => undefined, 1000);
  process.stdout.write('ready');
} else {
  process.on(what, () => process.exit(9));
  process.kill(process.pid, what);
  new Lifetime();
  setTimeout(() => process.exit(8), 10_000);
}
