import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Returns a port that is free on all addresses, below those that the system assigns to port 0: it stays free until a
 * program listens on it later.
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
