import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedAws, startEmbeddedAws } from '../../../api/embedded-aws/server.ts';
import { type LocalServer, startLocalServer } from '../../../api/test/support/local-server.ts';
import { type Engine, hasHosts, startEngine } from './engines.ts';
import { type Host, makeOperator, startHost } from './hosts.ts';
import { makeRepository, type Version } from './versions.ts';

/** An operator's machine with an engine and an SSH key, three hosts, and the embedded AWS that they use. */
export interface World {
  readonly folder: string;
  readonly commits: Record<Version, string>;
  /** The engine on the operator's machine. */
  readonly engine: Engine;
  readonly hosts: readonly Host[];
  readonly aws: EmbeddedAws;
  /** What the metadata service of host-b returns. */
  readonly metadata: { instanceId: string };
  close(): Promise<void>;
}

const instanceIds = ['i-0b22a22eec53b9321', 'i-0c4d1e7f8a9b03562'] as const;
/** The load balancer of the first two hosts. */
export const fleet = 'fleet';

export async function startWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'elb-inventory-deploy-'));
  // The embedded AWS listens on all addresses, for containers on a bridge, and is ten times as fast as AWS.
  const aws = await startEmbeddedAws({ host: '0.0.0.0', speed: 10 });
  await putFleet(aws);
  const metadata = { instanceId: instanceIds[1] };
  const metadataService = await startMetadataService(metadata);
  mkdirSync(join(folder, 'repository'));
  const commits = await makeRepository(join(folder, 'repository'));
  await makeOperator(folder);
  const settings = {
    AWS_BACKEND: 'aws',
    AWS_ENDPOINT_URL: `http://127.0.0.1:${aws.port}`,
    AWS_ACCESS_KEY_ID: 'deploy',
    AWS_SECRET_ACCESS_KEY: 'deploy-secret-key',
  };
  const names = hasHosts ? ['host-a', 'host-b', 'host-c'] : [];
  // The first engine is started alone, because this installs the programs of all engines.
  if (hasHosts) await startEngine('host-a');
  const hosts = await Promise.all(
    names.map((name, index) =>
      startHost(name, {
        folder,
        address: `127.0.0.${index + 2}`,
        instanceId: instanceIds[index] ?? '',
        settings,
        metadataUrl: metadataService.url,
      }),
    ),
  );
  // This engine must be started last, because an engine without a bridge removes the bridge of the other engines when
  // it starts.
  const engine = await startEngine('build');
  return {
    folder,
    commits,
    engine,
    hosts,
    aws,
    metadata,
    close: async () => {
      for (const host of hosts) {
        await host.engine.docker('rm', '--force', '--volumes', 'elb-inventory').catch(() => undefined);
        await host.close();
      }
      metadataService.close();
      await aws.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** At this speed of the embedded AWS, members are in service 2 s after registration, and drained after 3 s. */
async function putFleet(aws: EmbeddedAws): Promise<void> {
  const answer = await fetch(`${aws.url.replace('0.0.0.0', '127.0.0.1')}/_control/load-balancers/${fleet}`, {
    method: 'PUT',
    body: JSON.stringify({
      instances: instanceIds,
      healthCheck: { target: 'HTTP:8000/healthcheck', interval: 10, healthyThreshold: 2 },
      connectionDraining: { enabled: true, timeout: 30 },
    }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

/**
 * Emulates the EC2 metadata service, version 2, with a separate path for each host. Only host-b has an instance id and
 * a region.
 */
function startMetadataService(facts: { readonly instanceId: string }): Promise<LocalServer> {
  return startLocalServer(({ method, url, headers }, response) => {
    const [, host, ...path] = (url ?? '').split('/');
    const asked = `${method ?? ''} ${path.join('/')}`;
    if (asked === 'PUT latest/api/token') response.end('metadata-token');
    else if (headers['x-aws-ec2-metadata-token'] !== 'metadata-token') response.writeHead(401).end();
    else if (asked === 'GET latest/meta-data/instance-id' && host === 'host-b')
      response.end(facts.instanceId);
    else if (asked === 'GET latest/meta-data/placement/region' && host === 'host-b')
      response.end('us-east-1');
    else response.writeHead(404).end();
  });
}
