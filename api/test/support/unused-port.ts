import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Returns a port that is free on all addresses. It is below the range from which the operating system assigns ports for
 * port 0, so that other tests do not use it before the program listens.
 */
export async function unusedPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer().listen(port);
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!free) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
