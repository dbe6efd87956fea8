import assert from 'node:assert/strict';
import { ClassicElbGateway } from '../../aws/classic-elb-gateway.ts';
import { createAwsClients } from '../../aws/clients.ts';
import type { ElbName, InstanceId } from '../../load-balancers/instance.ts';
import { AwsLedger } from '../../telemetry/aws-ledger.ts';
import { startTrace } from '../../telemetry/aws-trace.ts';
import { systemClock } from '../../clock.ts';
import { type LocalServer, startLocalServer } from '../support/local-server.ts';

describe('ClassicElbGateway with a server that is not AWS', () => {
  let server: LocalServer;
  let gateway: ClassicElbGateway;
  let page: string;
  let status = 200;
  before(async () => {
    server = await startLocalServer((_request, response) => response.writeHead(status).end(page));
    const clients = createAwsClients({
      clock: systemClock,
      region: 'us-east-1',
      endpoint: server.url,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      connectTimeoutMs: 1000,
      answerTimeoutMs: 3000,
    });
    gateway = new ClassicElbGateway(
      clients,
      new AwsLedger(systemClock),
      {
        elbReadsPerSecond: 20,
        ec2ReadsPerSecond: 20,
      },
      systemClock,
    );
  });
  after(() => {
    server.close();
  });

  const pages = {
    'a proxy page': '<!doctype html><html><body>Please log in.<br></body></html>',
    JSON: '{"status":"ok"}',
    'a response to another action':
      '<DescribeTagsResponse><DescribeTagsResult></DescribeTagsResult></DescribeTagsResponse>',
    'another XML document': '<?xml version="1.0"?><feed><entry/></feed>',
  };
  for (const [name, text] of Object.entries(pages)) {
    it(`rejects reads with aws_failed for ${name}`, async () => {
      [page, status] = [text, 200];
      const notAws = { code: 'aws_failed', message: /the response to \S+:Describe\w+ did not come from AWS/ };
      await assert.rejects(gateway.describeRegion(startTrace(systemClock, 8000)), notAws);
      await assert.rejects(
        gateway.describeLoadBalancer('default-elb' as ElbName, startTrace(systemClock, 8000)),
        notAws,
      );
      await assert.rejects(
        gateway.describeInstances(['i-5203422c' as InstanceId], startTrace(systemClock, 8000)),
        notAws,
      );
    });
  }

  const web = 'default-elb' as ElbName;
  const member = ['i-5203422c' as InstanceId];
  for (const [name, text] of Object.entries(pages))
    it(`rejects changes with aws_failed for ${name}`, async () => {
      [page, status] = [text, 200];
      const unknown = { code: 'aws_failed' };
      await assert.rejects(gateway.register(web, member, startTrace(systemClock, 8000)), unknown);
      await assert.rejects(gateway.deregister(web, member, startTrace(systemClock, 8000)), unknown);
    });

  for (const code of [302, 403, 404, 407, 502])
    it(`rejects with aws_failed and the status for a page with HTTP ${code}`, async () => {
      [page, status] = ['<html><body>no</body></html>', code];
      const failed = { code: 'aws_failed', message: new RegExp(`did not come from AWS .*HTTP ${code}`) };
      await assert.rejects(gateway.describeLoadBalancer(web, startTrace(systemClock, 8000)), failed);
      await assert.rejects(gateway.describeInstances(member, startTrace(systemClock, 8000)), failed);
      await assert.rejects(gateway.register(web, member, startTrace(systemClock, 8000)), failed);
    });

  it('rejects with aws_throttled for HTTP 429 with any body', async () => {
    for (const text of Object.values(pages)) {
      [page, status] = [text, 429];
      const throttled = { code: 'aws_throttled', message: /HTTP 429/ };
      await assert.rejects(gateway.register(web, member, startTrace(systemClock, 8000)), throttled);
    }
  });
});
