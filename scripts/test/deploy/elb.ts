import { writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import type { EmbeddedAws } from '../../../api/embedded-aws/server.ts';
import type { Host } from './hosts.ts';
import { unusedPort } from '../../../api/test/support/unused-port.ts';
import { start, until } from '../../../api/test/support/process.ts';

export interface ElbInFront {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts haproxy with the behaviour of a Classic Load Balancer: round robin, health checks on /healthcheck, no retries
 * and no redispatch. Its members are those of the embedded AWS: in-service members receive requests, and draining
 * members complete theirs.
 */
export async function startElb(
  folder: string,
  aws: EmbeddedAws,
  elbName: string,
  hosts: readonly Host[],
): Promise<ElbInFront> {
  const port = await unusedPort();
  const socket = join(folder, 'haproxy.sock');
  const servers = hosts.map(({ name, url }) => `server ${name} ${new URL(url).host} check disabled`);
  const configuration = `
global
  stats socket ${socket} level admin
defaults
  mode http
  retries 0
  no option redispatch
  timeout connect 5s
  timeout check 5s
  timeout client 60s
  timeout server 60s
listen elb
  bind 127.0.0.1:${port}
  balance roundrobin
  option httpchk GET /healthcheck
  http-check expect status 200
  default-server inter 500ms fall 2 rise 2
  ${servers.join('\n  ')}
`;
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(file, configuration);
  const haproxy = start('/usr/sbin/haproxy', ['-db', '-f', file]);
  const url = `http://127.0.0.1:${port}`;
  await until(() => command(socket, 'show info').then(Boolean, () => false), 'haproxy listens', 10);

  const states = new Map<string, string>();
  let following = true;
  const follow = async (): Promise<void> => {
    for (const { name, instanceId } of hosts) {
      const wanted = stateOf(aws, elbName, instanceId);
      if (states.get(name) === wanted) continue;
      await command(socket, `set server elb/${name} state ${wanted}`);
      states.set(name, wanted);
    }
  };
  const followed = until(() => follow().then(() => !following), 'the end', 3600);
  return {
    url,
    close: async () => {
      following = false;
      await followed;
      await haproxy.stop('SIGKILL');
    },
  };
}

function stateOf(aws: EmbeddedAws, elbName: string, id: string): 'ready' | 'drain' | 'maint' {
  const entry = aws.region
    .loadBalancer(elbName)
    .health()
    .find(({ instanceId }) => instanceId === id);
  if (entry?.state !== 'InService') return 'maint';
  return entry.description.startsWith('Instance deregistration') ? 'drain' : 'ready';
}

/** Sends a command to the socket of haproxy and returns the response. */
function command(socket: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const connection = createConnection(socket, () => connection.end(`${text}\n`));
    connection.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    connection.on('error', reject);
    connection.on('close', () => {
      resolve(answer);
    });
  });
}
