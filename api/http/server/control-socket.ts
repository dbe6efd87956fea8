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
   * Listens on the socket, and opens the port when `POST /open-port` comes there; at once if it did before under this
   * path. Throws ConfigError where there can be no socket, and whatever `openPort` throws at once.
   */
  listen(openPort: () => Promise<void>): Promise<void>;
  close(): void;
}

/**
 * Returns a server, not yet listening, that answers on a unix socket with the application given: a new version is judged
 * there before anybody outside can reach it. Who may connect is who may write to the file: this user, and root.
 */
export function createControlSocket(
  path: string,
  application: RequestListener,
  logger: Pick<Logger, 'warn'>,
): ControlSocket {
  // A restarted container finds this mark beside the socket and opens its port without another order.
  const opened = `${path}.opened`;
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
            leaveMark(opened, logger);
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
          const fault = `CONTROL_SOCKET=${path} cannot be created (${code ?? 'unknown error'}): name a file that does not exist yet, in a folder that this user can write to`;
          reject(new ConfigError([fault]));
        });
        server.listen(path, resolve);
      });
      chmodSync(path, 0o600);
      // The socket was made a moment ago, so it has the user that a mark of this service has.
      const mark = lstatSync(opened, { throwIfNoEntry: false });
      if (mark === undefined) return;
      const own =
        mark.isFile() && mark.uid === lstatSync(path).uid && mark.nlink === 1 && (mark.mode & 0o022) === 0;
      if (own) await open();
      else
        logger.warn(
          { path: opened },
          'the marker of the open port is not a private file of this user; the port stays closed until POST /open-port',
        );
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Puts an empty file there, in place of whatever it was, and follows no link. */
function leaveMark(path: string, logger: Pick<Logger, 'warn'>): void {
  try {
    rmSync(path, { force: true });
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    closeSync(openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600));
  } catch (err) {
    logger.warn(
      { err, path },
      'cannot create the marker of the open port; a restart will not open the port automatically',
    );
  }
}
