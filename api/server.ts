import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { parseEnv } from 'node:util';
import { compose, type Service } from './compose.ts';
import { type Config, readConfig } from './config.ts';
import { ConfigError } from './errors.ts';
import { greeting } from './greeting.ts';
import { Lifetime } from './lifetime.ts';
import { createLogger } from './logging.ts';
import { LogStream } from './log-stream.ts';
import { maskSecrets, secretsOf } from './masking.ts';

/** EX_CONFIG of sysexits.h. */
const configurationFault = 78;

const lifetime = new Lifetime();
await main().catch((error: unknown) => {
  const text =
    error instanceof Error ? (error instanceof ConfigError ? error.message : error.stack) : String(error);
  process.stderr.write(`elb-inventory cannot start. ${maskSecrets(text ?? '')}\n`);
  return lifetime.end(error instanceof ConfigError ? configurationFault : 1);
});

async function main(): Promise<void> {
  // The SDK of the lock file runs on every Node of `engines`; that later ones will not is no news for an operator.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  loadDotEnv();
  const config = readConfig(process.env, process.versions.node);
  // Access to process.stdout makes a pipe non-blocking, so that a reader that stands still holds no write in the system.
  const readable = process.stdout.isTTY;
  const log = new LogStream(1);
  const secrets = secretsOf(config.accepted, process.env);
  const logger = createLogger({ level: config.logLevel, readable, secrets }, log);
  lifetime.running = { log, logger };
  const service = await compose(config, logger);
  lifetime.running = { log, logger, close: () => service.close() };

  const openPort = async (): Promise<void> => {
    const port = await listen(service, config);
    logger.info({ host: config.host, port, backend: config.backend, region: config.region }, 'listening');
    if (config.backend === 'embedded') process.stderr.write(greeting(port, config));
  };
  if (service.control === undefined) {
    await openPort();
    return;
  }
  await service.control.listen(openPort);
  logger.info({ path: config.controlSocket }, 'listening on the control socket');
}

/** The environment wins over .env. The SDK reads its own variables from the environment, so .env must be put there. */
function loadDotEnv(): void {
  let text: string;
  try {
    text = readFileSync('.env', 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    throw new ConfigError([
      `.env cannot be read (${code ?? 'unknown error'}): make it a file that this user may read, or remove it`,
    ]);
  }
  for (const [name, value] of Object.entries(parseEnv(text))) process.env[name] ||= value;
}

function listen({ server }: Service, { host, port, reusePort }: Config): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const faults: Partial<Record<string, string>> = {
        EADDRINUSE: `Port ${port} is taken by another program: stop that or set PORT, for example PORT=8001`,
        EACCES: `Port ${port} may not be used by this user: set PORT to one above 1023, for example PORT=8000`,
        EADDRNOTAVAIL: `HOST=${host} is no address of this machine: set HOST, for example HOST=0.0.0.0`,
        ENOTFOUND: `HOST=${host} is no known name: set HOST, for example HOST=0.0.0.0`,
      };
      const fault = faults[error.code ?? ''];
      reject(fault === undefined ? error : new ConfigError([fault]));
    });
    const address = { host, port, reusePort };
    server.listen(address, () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}
