import { readFileSync } from 'node:fs';
import { compose, readProfileRegion, type Service } from './compose.ts';
import { type Config, readConfig, warningsOf } from './config/config.ts';
import { checkEnvFile } from './config/check-env.ts';
import { loadDotEnv } from './config/dot-env.ts';
import { Lifetime } from './lifetime.ts';
import { listen } from './listen.ts';
import { createLogger } from './logger/create-logger.ts';
import { LogStream } from './logger/log-stream.ts';
import { secretsOf } from './logger/mask-secrets.ts';
import { readOptions, usage } from './options.ts';
import { startError } from './start-error.ts';
import type { Logger } from './telemetry/logger.ts';

const lifetime = new Lifetime();
/** Warnings about .env. They are printed if startup fails before the logger is created. */
let unlogged: readonly string[] = [];
await main().catch((error: unknown) => {
  const { text, code } = startError(error, unlogged);
  process.stderr.write(text);
  return lifetime.end(code);
});

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help === true) {
    process.stdout.write(usage);
    return;
  }
  const path = options['check-env'];
  if (path !== undefined) {
    const bytes = readFileSync(path === '-' ? 0 : path);
    checkEnvFile(bytes, process.env, process.versions.node, readFile, (warning) => {
      process.stderr.write(`Warning: ${warning}\n`);
    });
    return lifetime.end(0);
  }
  // Disable the SDK's warning about the Node.js version: the locked SDK supports every version in `engines`, and
  // operators cannot act on the warning.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  unlogged = loadDotEnv('.env', process.env);
  const inputs = { readFile, profileRegion: await readProfileRegion() };
  const read = () => readConfig(process.env, process.versions.node, inputs);
  const config = read();
  // Allow only this user to access the control socket and its marker file.
  process.umask(0o077);
  // Accessing process.stdout makes a pipe non-blocking, so that a stalled reader does not block writes.
  const readable = process.stdout.isTTY;
  const log = new LogStream(1);
  const secrets = new Set(secretsOf([...config.accepted, ...config.acceptedScrapers], process.env));
  const logger = createLogger({ level: config.logLevel, readable, secrets }, log);
  lifetime.running = { log, logger };
  for (const warning of [...unlogged, ...warningsOf(config)]) logger.warn({}, warning);
  unlogged = [];
  const service = await compose(config, logger, { droppedLines: () => log.dropped });
  lifetime.running = { log, logger, close: () => service.close() };
  if (config.tokenFile !== undefined)
    process.on('SIGHUP', () => {
      reloadTokens(read, service, logger, secrets);
    });
  await listen(service, config, logger, (text) => process.stderr.write(text));
}

function readFile(path: string): string {
  return readFileSync(path, 'utf8');
}

/** Replaces the accepted tokens with those in API_TOKEN_FILE. If the file is invalid, keeps the previous tokens. */
function reloadTokens(read: () => Config, service: Service, logger: Logger, secrets: Set<string>): void {
  try {
    const config = read();
    for (const secret of secretsOf(config.accepted, {})) secrets.add(secret);
    service.accept(config.accepted);
    for (const warning of warningsOf(config)) logger.warn({}, warning);
    logger.info({ tokens: config.accepted.length }, 'reloaded API_TOKEN_FILE');
  } catch (err) {
    logger.error({ err }, 'cannot reload API_TOKEN_FILE; the previous tokens stay valid');
  }
}
