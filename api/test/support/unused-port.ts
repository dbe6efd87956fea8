import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Returns a port that is free on all addresses. It is below the range that the system assigns to port 0, so other tests do
 * not take it before the program listens.
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
