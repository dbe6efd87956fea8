import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { compose } from '../../compose.ts';
import { readConfig } from '../../config/config.ts';
import { listen } from '../../listen.ts';
import { createLogger } from '../../logger/create-logger.ts';
import type { Clock } from '../../clock.ts';
import { secretsOf } from '../../logger/mask-secrets.ts';

export interface InProcess {
  /** The port, when it is open. */
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Starts the service in the test process with only this environment. Without keys, or with AWS_PROFILE, the AWS SDK
 * reads `process.env` (see withEnvironment). Passes each log line to `write`. By default, `clock` is in real time.
 */
export async function startInProcess(
  env: Readonly<Record<string, string>>,
  write: (line: string) => void,
  clock?: Clock,
): Promise<InProcess> {
  const config = readConfig(env, process.versions.node, { readFile: (path) => readFileSync(path, 'utf8') });
  const options = {
    level: config.logLevel,
    readable: false,
    secrets: secretsOf([...config.accepted, ...config.acceptedScrapers], env),
  };
  let hasFailed = false;
  const writeUnlessFailed = (line: string) => {
    if (!hasFailed) write(line);
  };
  const logger = createLogger(options, { write: writeUnlessFailed, onLost: () => undefined });
  const {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  } = env;
  const service = await compose(config, logger, {
    aws: {
      ...(endpoint && { endpoint }),
      ...(accessKeyId &&
        secretAccessKey &&
        !env['AWS_PROFILE'] && { credentials: { accessKeyId, secretAccessKey } }),
    },
    warmUp: false,
    ...(clock && { clock }),
  });
  try {
    await listen(service, config, logger, () => undefined);
  } catch (error) {
    // server.ts exits without closing the service, because closing would write log lines.
    hasFailed = true;
    await service.close();
    throw error;
  }
  let closed: Promise<void> | undefined;
  return {
    get port() {
      return (service.server.address() as AddressInfo).port;
    },
    close: () => (closed ??= service.close()),
  };
}
