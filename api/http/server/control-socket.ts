import { chmodSync, closeSync, constants, lstatSync, openSync, rmSync } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { ConfigError } from '../../errors.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { presentText } from '../answers/presenters/text.ts';

export interface ControlSocket {
  readonly server: Server;
  /**
   * Listens on the socket, and calls `openPort` on `POST /open-port`. Calls it immediately if an earlier process with
   * this path had opened its port. Throws a ConfigError if the socket cannot be created, and the errors of the
   * immediate `openPort` call.
   */
  listen(openPort: () => Promise<void>): Promise<void>;
  close(): void;
}

/**
 * Returns a server for the application that will listen on a Unix socket. During a deployment, a new version is checked
 * through this socket before its port is opened. Only this user and root can connect, because only they can write to
 * the socket file.
 */
export function createControlSocket(
  path: string,
  application: RequestListener,
  logger: Pick<Logger, 'warn'>,
): ControlSocket {
  // If this marker file exists, a restarted container opens its port without another POST /open-port.
  const marker = `${path}.opened`;
  let open: () => Promise<void>;
  const server = createServer((request, response) => {
    if (request.method === 'POST' && request.url === '/open-port') void answerOpenPort(request, response);
    else application(request, response);
  });

  async function answerOpenPort(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const [status, text] = await open().then(
      () => [200, 'the port is open'] as const,
      (error: unknown) => [409, error instanceof Error ? error.message : String(error)] as const,
    );
    response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify(presentText(text)));
  }

  return {
    server,
    listen: async (openPort) => {
      let opening: Promise<void> | undefined;
      open = () => {
        opening ??= openPort().then(
          () => {
            createMarker(marker, logger);
          },
          (error: unknown) => {
            opening = undefined;
            throw error;
          },
        );
        return opening;
      };
      if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) rmSync(path);
      await new Promise<void>((resolve, reject) => {
        server.once('error', ({ code }: NodeJS.ErrnoException) => {
          const fault = `CONTROL_SOCKET=${path} cannot be created (${code ?? 'unknown error'}): set it to a file that does not exist yet, in a folder that this user can write to`;
          reject(new ConfigError([fault]));
        });
        server.listen(path, resolve);
      });
      chmodSync(path, 0o600);
      // This user owns the new socket, so a marker file that the service created has the same owner.
      const found = lstatSync(marker, { throwIfNoEntry: false });
      if (found === undefined) return;
      const isPrivate =
        found.isFile() &&
        found.uid === lstatSync(path).uid &&
        found.nlink === 1 &&
        (found.mode & 0o022) === 0;
      if (isPrivate) await open();
      else
        logger.warn(
          { path: marker },
          'the open-port marker file is not a file that only this user can access; the port stays closed until POST /open-port',
        );
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Replaces an existing file with an empty file, without following links. */
function createMarker(path: string, logger: Pick<Logger, 'warn'>): void {
  try {
    rmSync(path, { force: true });
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    closeSync(openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600));
  } catch (err) {
    logger.warn(
      { err, path },
      'cannot create the open-port marker file; a restart will not open the port automatically',
    );
  }
}
