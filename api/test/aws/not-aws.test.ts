import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ClassicElbGateway } from '../../aws/classic-elb-gateway.ts';
import { createAwsClients } from '../../aws/clients.ts';
import type { ElbName, InstanceId } from '../../load-balancers/machine.ts';
import { AwsLedger, startTrace } from '../../telemetry.ts';

describe('ClassicElbGateway, answered 200 by something other than AWS', () => {
  let server: Server;
  let gateway: ClassicElbGateway;
  let page: string;
  before((done) => {
    server = createServer((_request, response) => response.end(page)).listen(0, '127.0.0.1', done);
  });
  before(() => {
    const clients = createAwsClients({
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      connectTimeoutMs: 1000,
      answerTimeoutMs: 3000,
    });
    gateway = new ClassicElbGateway(clients, new AwsLedger(), {
      elbReadsPerSecond: 20,
      ec2ReadsPerSecond: 20,
    });
  });
  after((done) => {
    server.close(done);
    server.closeAllConnections();
  });

  const pages = {
    'a page of a proxy': '<!doctype html><html><body>Please log in.<br></body></html>',
    nothing: '',
    JSON: '{"status":"ok"}',
    'another XML document': '<?xml version="1.0"?><feed><entry/></feed>',
  };
  for (const [name, text] of Object.entries(pages)) {
    it(`throws aws_failed, and takes it neither for an empty region nor for no instances: ${name}`, async () => {
      page = text;
      const notAws = { code: 'aws_failed', message: /something other than AWS answered \S+:Describe/ };
      await assert.rejects(gateway.describeRegion(startTrace(8000)), notAws);
      await assert.rejects(gateway.describeLoadBalancer('default-elb' as ElbName, startTrace(8000)), notAws);
      await assert.rejects(gateway.describeMachines(['i-5203422c' as InstanceId], startTrace(8000)), notAws);
    });
  }
});
