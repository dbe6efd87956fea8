import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { compose, readProfileRegion, type Service } from './compose.ts';
import { type Config, readConfig, warningsOf } from './config/config.ts';
import { readEnvFile } from './config/env-file.ts';
import { ConfigError } from './errors.ts';
import { greeting } from './greeting.ts';
import { Lifetime } from './lifetime.ts';
import { createLogger } from './logger/create-logger.ts';
import { LogStream } from './logger/log-stream.ts';
import { maskSecrets, secretsOf } from './logger/mask-secrets.ts';
import type { Logger } from './telemetry/logger.ts';

/** EX_CONFIG of sysexits.h. */
const configurationFault = 78;

const usage = `Usage: node server.js [option]

Starts the API. Its settings come from the environment and from .env in the working folder: see .env.example.

  --check-env FILE  check FILE (- for standard input) as docker run --env-file reads it, and start nothing;
                    exit code 78 where the service would not start with it
  --help            show this
`;

/** A fault of the command line, in one sentence. */
class UsageError extends Error {}

const lifetime = new Lifetime();
/** What is to be said of .env until there is a log. */
let unlogged: readonly string[] = [];
await main().catch((error: unknown) => {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n`);
    return lifetime.end(2);
  }
  const text =
    error instanceof Error ? (error instanceof ConfigError ? error.message : error.stack) : String(error);
  for (const warning of unlogged) process.stderr.write(`Warning: ${maskSecrets(warning)}\n`);
  process.stderr.write(`elb-inventory cannot start. ${maskSecrets(text ?? '')}\n`);
  return lifetime.end(error instanceof ConfigError ? configurationFault : 1);
});

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help === true) {
    process.stdout.write(usage);
    return;
  }
  if (options['check-env'] !== undefined) {
    checkEnvFile(options['check-env']);
    return lifetime.end(0);
  }
  // The SDK of the lock file runs on every Node of `engines`; that later ones will not is no news for an operator.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  unlogged = loadDotEnv();
  const outside = { readFile, profileRegion: await readProfileRegion() };
  const read = () => readConfig(process.env, process.versions.node, outside);
  const config = read();
  // The control socket and its mark are for this user alone, from the moment that they are made.
  process.umask(0o077);
  // Access to process.stdout makes a pipe non-blocking, so that a reader that stands still holds no write in the system.
  const readable = process.stdout.isTTY;
  const log = new LogStream(1);
  const secrets = new Set(secretsOf(config.accepted, process.env));
  const logger = createLogger({ level: config.logLevel, readable, secrets }, log);
  lifetime.running = { log, logger };
  for (const warning of [...unlogged, ...warningsOf(config)]) logger.warn({}, warning);
  unlogged = [];
  const service = await compose(config, logger);
  lifetime.running = { log, logger, close: () => service.close() };
  if (config.tokenFile !== undefined)
    process.on('SIGHUP', () => {
      readTokensAgain(read, service, logger, secrets);
    });

  const openPort = async (): Promise<void> => {
    const port = await listen(service, config);
    const { host, backend, region, regionFrom } = config;
    logger.info({ host, port, backend, region, regionFrom }, 'listening');
    if (backend === 'embedded') process.stderr.write(greeting(port, config));
  };
  if (service.control === undefined) {
    await openPort();
    return;
  }
  await service.control.listen(openPort);
  logger.info({ path: config.controlSocket }, 'listening on the control socket');
}

function readOptions() {
  try {
    const options = { help: { type: 'boolean' }, 'check-env': { type: 'string' } } as const;
    return parseArgs({ options }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message.replaceAll('\n', ' ')} See --help.`, { cause: error });
  }
}

function readFile(path: string): string {
  return readFileSync(path, 'utf8');
}

/** Takes the tokens of API_TOKEN_FILE as they are now; the earlier ones stay valid where the file has a fault. The log shows neither. */
function readTokensAgain(read: () => Config, service: Service, logger: Logger, secrets: Set<string>): void {
  try {
    const config = read();
    for (const secret of secretsOf(config.accepted, {})) secrets.add(secret);
    service.accept(config.accepted);
    for (const warning of warningsOf(config)) logger.warn({}, warning);
    logger.info({ tokens: config.accepted.length }, 'the tokens of API_TOKEN_FILE were read again');
  } catch (err) {
    logger.error({ err }, 'API_TOKEN_FILE has a fault; the earlier tokens stay valid');
  }
}

/**
 * The environment wins over .env. The SDK reads its own variables from the environment, so .env must be put there.
 * Returns what other readers of the file read differently.
 */
function loadDotEnv(): readonly string[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync('.env');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw new ConfigError([
      `.env cannot be read (${code ?? 'unknown error'}): make it a file that this user may read, or remove it`,
    ]);
  }
  const { values, faults, warnings } = readEnvFile(bytes, 'dotenv');
  if (faults.length > 0) throw new ConfigError(faults.map((fault) => `.env: ${fault}`));
  for (const [name, value] of Object.entries(values)) process.env[name] ||= value;
  return warnings.map((warning) => `.env: ${warning}`);
}

/**
 * Checks an env file as `docker run --env-file` reads it: throws a ConfigError with every fault that would keep the
 * service from starting, and writes what is only suspicious to standard error.
 */
function checkEnvFile(path: string): void {
  const { values, faults, warnings } = readEnvFile(readFileSync(path === '-' ? 0 : path), 'docker');
  for (const warning of warnings) process.stderr.write(`Warning: ${warning}\n`);
  if (faults.length > 0) throw new ConfigError(faults);
  const config = readConfig({ ...process.env, ...values }, process.versions.node, { readFile });
  for (const warning of warningsOf(config)) process.stderr.write(`Warning: ${warning}\n`);
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
