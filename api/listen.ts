import type { AddressInfo } from 'node:net';
import type { Service } from './compose.ts';
import type { Config } from './config/config.ts';
import { ConfigError } from './errors.ts';
import { greeting } from './greeting.ts';
import type { Logger } from './telemetry/logger.ts';

/**
 * Listens on the port. With CONTROL_SOCKET, listens on that socket, through which the port is opened later. Calls
 * `greet` with the greeting for AWS_BACKEND=embedded when the port is open. Throws a ConfigError if the service cannot
 * listen with these settings.
 */
export async function listen(
  service: Service,
  config: Config,
  logger: Logger,
  greet: (text: string) => void,
): Promise<void> {
  const openPort = async (): Promise<void> => {
    const port = await listenOnPort(service, config, logger);
    const { host, backend, region, regionFrom } = config;
    logger.info({ host, port, backend, region, regionFrom }, 'listening');
    if (backend === 'embedded') greet(greeting(port, config));
  };
  if (service.control === undefined) {
    await openPort();
    return;
  }
  await service.control.listen(openPort);
  logger.info({ path: config.controlSocket }, 'listening on the control socket');
}

/** The kernel reduces it to its own maximum, net.core.somaxconn (listen(2)). */
const maxBacklog = 2 ** 31 - 1;

function listenOnPort(
  { server }: Service,
  { host, port, reusePort }: Config,
  logger: Logger,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException): void => {
      const faults: Partial<Record<string, string>> = {
        EADDRINUSE: `Port ${port} is already in use: stop the other program or set PORT, for example PORT=8001`,
        EACCES: `Port ${port} requires more privileges: set PORT to a port above 1023, for example PORT=8000`,
        EADDRNOTAVAIL: `HOST=${host} is not an address of this machine: set HOST, for example HOST=0.0.0.0`,
        ENOTFOUND: `HOST=${host} cannot be resolved: set HOST, for example HOST=0.0.0.0`,
      };
      const fault = faults[error.code ?? ''];
      reject(fault === undefined ? error : new ConfigError([fault]));
    };
    server.once('error', refuse);
    const address = { host, port, reusePort, backlog: maxBacklog };
    server.listen(address, () => {
      server.off('error', refuse);
      server.on('error', (err) => {
        logger.error({ err }, 'a connection could not be accepted');
      });
      resolve((server.address() as AddressInfo).port);
    });
  });
}
