import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EmbeddedAws } from '../../embedded-aws/server.ts';
import { forward } from '../support/forward.ts';
import { startWorld, type World } from '../support/world.ts';

/** Starts a proxy in front of AWS that rewrites the response bodies. */
async function startRewritingProxy(aws: EmbeddedAws, rewrite: (xml: string) => string): Promise<Server> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = { authorization: request.headers.authorization ?? '' };
      void forward(aws.url, headers, Buffer.concat(chunks)).then(({ status, text }) =>
        response.writeHead(status).end(rewrite(text)),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const replaceFirst = (tag: string, text: string) => (xml: string) =>
  xml.replace(new RegExp(`<${tag}>[^<]*</${tag}>`), `<${tag}>${text}</${tag}>`);

describe('An unreadable field of an AWS response', () => {
  let world: World;
  let proxy: Server;
  const start = async (rewrite: (xml: string) => string) => {
    world = await startWorld({}, {}, async (aws) => {
      proxy = await startRewritingProxy(aws, rewrite);
      return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    });
  };
  afterEach(async () => {
    await world.close();
    proxy.close();
    proxy.closeAllConnections();
  });
  const message = async <T>(path: string): Promise<T> => {
    const answer = await world.ask(path);
    assert.equal(answer.status, 200, answer.body);
    return (JSON.parse(answer.body) as { message: T }).message;
  };

  for (const text of ['yesterday', 'Launched 1', '2024-13-45T99:00:00Z'])
    it(`is listed as unknown when launchTime is ${text}`, async () => {
      await start(replaceFirst('launchTime', text));
      const instances = await message<{ launchDate: string; instanceType: string }[]>('/elb/default-elb');
      const dates = instances.map(({ launchDate }) => launchDate);
      assert.equal(dates.filter((date) => date === 'unknown').length, 1, dates.join());
      assert.ok(instances.every(({ instanceType }) => instanceType !== 'unknown'));
    });

  it('is listed as unknown when it is CreatedTime', async () => {
    await start(replaceFirst('CreatedTime', 'soon'));
    const dates = (await message<{ createdDate: string }[]>('/elb')).map(({ createdDate }) => createdDate);
    assert.equal(dates.filter((date) => date === 'unknown').length, 1);
    assert.ok(dates.length > 1);
  });

  for (const [tag, field] of [
    ['LoadBalancerPort', 'loadBalancerPort'],
    ['InstancePort', 'instancePort'],
    ['Interval', 'intervalSeconds'],
    ['HealthyThreshold', 'healthyThreshold'],
  ] as const)
    it(`is absent from the list when it is ${tag}`, async () => {
      await start(replaceFirst(tag, 'many'));
      const list = await message<object[]>('/elb');
      const text = JSON.stringify(list);
      assert.ok(!text.includes('null'), text);
      assert.equal(text.split(`"${field}"`).length, list.length, text);
      await message('/elb/default-elb/health');
    });
});
