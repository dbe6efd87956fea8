import assert from 'node:assert/strict';
import { startAwsProxy } from '../support/aws-proxy.ts';
import type { LocalServer } from '../support/local-server.ts';
import { startWorld, type World } from '../support/world.ts';

const replaceFirst = (tag: string, text: string) => (xml: string) =>
  xml.replace(new RegExp(`<${tag}>[^<]*</${tag}>`), `<${tag}>${text}</${tag}>`);

describe('An unreadable field of an AWS response', () => {
  let world: World;
  let proxy: LocalServer;
  const start = async (rewrite: (xml: string) => string) => {
    world = await startWorld({}, {}, async (aws) => {
      proxy = await startAwsProxy(aws.url, async (send) => {
        const { status, xml } = await send();
        return { status, xml: rewrite(xml) };
      });
      return proxy.url;
    });
  };
  afterEach(async () => {
    await world.close();
    proxy.close();
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
