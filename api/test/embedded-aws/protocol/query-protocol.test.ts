import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { authorization, ids, startLab, type Lab } from '../support.ts';

const describeElbs = { Action: 'DescribeLoadBalancers', Version: '2012-06-01' };
const describeEc2 = { Action: 'DescribeInstances', Version: '2016-11-15' };

describe('The query protocol of the embedded AWS', () => {
  let lab: Lab;
  before(async () => {
    lab = await startLab();
  });
  after(() => lab.close());

  it("has ELB's error document with the request id in body and header", async () => {
    const { status, text, requestId } = await lab.call('elasticloadbalancing', {
      ...describeElbs,
      'LoadBalancerNames.member.1': '<x>',
    });
    assert.equal(status, 400);
    assert.equal(
      text,
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
        '<ErrorResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/"><Error><Type>Sender</Type>' +
        '<Code>LoadBalancerNotFound</Code>' +
        '<Message>There is no ACTIVE Load Balancer named &apos;&lt;x&gt;&apos;</Message></Error>' +
        `<RequestId>${requestId}</RequestId></ErrorResponse>`,
    );
  });

  it("has EC2's error document with the request id in body and header", async () => {
    const { status, text, requestId } = await lab.call('ec2', { ...describeEc2, 'InstanceId.1': 'web' });
    assert.equal(status, 400);
    assert.equal(
      text,
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
        '<Response><Errors><Error><Code>InvalidInstanceID.Malformed</Code>' +
        '<Message>Invalid id: &quot;web&quot;</Message></Error></Errors>' +
        `<RequestID>${requestId}</RequestID></Response>`,
    );
  });

  it('determines the service by the credential scope, or without one by Version', async () => {
    const byVersion = await lab.call('', describeEc2, {});
    assert.equal(byVersion.status, 403);
    assert.match(byVersion.text, /^<\?xml[^>]+>\n<Response>.*MissingAuthenticationToken/);
    const unsigned = await lab.call('', describeElbs, {});
    assert.equal(unsigned.status, 403);
    assert.match(unsigned.text, /^<\?xml[^>]+>\n<ErrorResponse.*MissingAuthenticationToken/);
    const scoped = await lab.call('ec2', describeElbs);
    assert.match(scoped.text, /NoSuchVersion/);
  });

  for (const [what, service, parameters, code] of [
    ['another service', 's3', describeElbs, 'UnknownService'],
    ['no action', 'ec2', { Version: '2016-11-15' }, 'MissingAction'],
    [
      'an unknown action of ELB',
      'elasticloadbalancing',
      { ...describeElbs, Action: 'Nope' },
      'InvalidAction',
    ],
    [
      'an inherited name',
      'elasticloadbalancing',
      { ...describeElbs, Action: 'constructor' },
      'InvalidAction',
    ],
    ['an unknown action of EC2', 'ec2', { ...describeEc2, Action: 'Nope' }, 'InvalidAction'],
    [
      'another version of ELB',
      'elasticloadbalancing',
      { ...describeElbs, Version: '2015-12-01' },
      'InvalidAction',
    ],
    ['no version', 'elasticloadbalancing', { Action: 'DescribeLoadBalancers' }, 'InvalidAction'],
    ['another version of EC2', 'ec2', { ...describeEc2, Version: '1999-01-01' }, 'NoSuchVersion'],
    ['no version of EC2', 'ec2', { Action: 'DescribeInstances' }, 'NoSuchVersion'],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const { status, text } = await lab.call(service, parameters);
      assert.equal(status, 400);
      assert.match(text, new RegExp(`<Code>${code}</Code>`));
    });
  }

  it('refuses a signature for another region', async () => {
    const headers = { authorization: authorization('ec2', 'eu-west-1') };
    const { status, text } = await lab.call('ec2', describeEc2, headers);
    assert.equal(status, 403);
    assert.match(text, /SignatureDoesNotMatch.*eu-west-1.*us-east-1/);
  });

  it('refuses other methods and bodies over 1 MiB', async () => {
    const put = await fetch(lab.aws.url, { method: 'PUT' });
    assert.equal(put.status, 405);
    const large = await lab.call('ec2', { ...describeEc2, padding: 'x'.repeat(2 ** 20) });
    assert.equal(large.status, 413);
    assert.match(large.text, /RequestEntityTooLarge/);
  });

  it('continues after a client disconnects during its request', async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(lab.aws.port, '127.0.0.1', () => {
        socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nAction=', () => {
          socket.resetAndDestroy();
          resolve();
        });
      });
    });
    assert.equal((await lab.call('elasticloadbalancing', describeElbs)).status, 200);
  });

  it('accepts GET with a presigned query', async () => {
    const query = new URLSearchParams({
      ...describeElbs,
      'X-Amz-Credential': 'test/20260101/us-east-1/elasticloadbalancing/aws4_request',
    });
    const response = await fetch(`${lab.aws.url}/?${query.toString()}`);
    const text = await response.text();
    assert.equal(response.status, 200);
    assert.match(
      text,
      /^<\?xml[^>]+>\n<DescribeLoadBalancersResponse xmlns="[^"]+"><DescribeLoadBalancersResult>/,
    );
    assert.match(text, /<ResponseMetadata><RequestId>[0-9a-f-]{36}<\/RequestId><\/ResponseMetadata>/);
    assert.match(text, new RegExp(`<member><InstanceId>${ids.member}</InstanceId></member>`));
  });

  it("returns EC2's request id in the response", async () => {
    const { text, requestId } = await lab.call('ec2', { ...describeEc2, 'InstanceId.1': ids.member });
    assert.match(text, new RegExp(`<requestId>${requestId}</requestId><reservationSet><item>`));
  });
});
