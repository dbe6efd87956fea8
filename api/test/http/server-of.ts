import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import type { AppMiddleware, RequestState } from '../../http/context.ts';
import { errorHandler } from '../../http/middleware/error-handler.ts';

export interface SmallServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Starts a server on a free port with the error handler and the middleware. */
export async function serverOf(...middleware: AppMiddleware[]): Promise<SmallServer> {
  const app = new Koa<RequestState>();
  app.silent = true;
  [errorHandler(), ...middleware].forEach((each) => app.use(each));
  const respond = app.callback();
  const server = createServer((request, response) => void respond(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
