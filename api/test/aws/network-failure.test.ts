import assert from 'node:assert/strict';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { ClassicElbGateway } from '../../aws/classic-elb-gateway.ts';
import { createAwsClients } from '../../aws/clients.ts';
import { NetworkFailure } from '../../aws/network-failure.ts';
import { DomainError } from '../../errors.ts';
import type { ElbName, InstanceId } from '../../load-balancers/instance.ts';
import { AwsLedger } from '../../telemetry/aws-ledger.ts';
import { startTrace } from '../../telemetry/aws-trace.ts';
import { systemClock } from '../../clock.ts';
import { selfSigned } from '../support/certificates.ts';

const web = 'default-elb' as ElbName;

describe('A network failure', () => {
  const servers: Server[] = [];
  const listen = async (server: Server): Promise<number> => {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  after(() => {
    for (const server of servers) server.close();
  });

  const failureAt = async (
    endpoint: string,
    change = false,
    caBundle?: string,
  ): Promise<DomainError & { ledger: AwsLedger }> => {
    const ledger = new AwsLedger(systemClock);
    const clients = createAwsClients({
      clock: systemClock,
      region: 'us-east-1',
      endpoint,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      connectTimeoutMs: 2000,
      answerTimeoutMs: 2000,
      caBundle,
    });
    const gateway = new ClassicElbGateway(
      clients,
      ledger,
      { elbReadsPerSecond: 9, ec2ReadsPerSecond: 9 },
      systemClock,
    );
    const trace = startTrace(systemClock, 8000);
    const call = change
      ? gateway.register(web, ['i-5203422c' as InstanceId], trace)
      : gateway.describeRegion(trace);
    const error = await call.then(
      () => assert.fail('the call succeeded'),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof DomainError, String(error));
    assert.equal(error.code, 'aws_unreachable');
    return Object.assign(error, { ledger });
  };

  const endpoints: [string, () => Promise<string>, RegExp][] = [
    [
      'a name that does not resolve',
      () => Promise.resolve('http://aws.invalid'),
      /^the name aws\.invalid cannot be resolved \((ENOTFOUND|EAI_AGAIN)\); check/,
    ],
    [
      'a refused connection',
      () => Promise.resolve('http://127.0.0.1:1'),
      /^127\.0\.0\.1 refused the connection \(ECONNREFUSED\); check AWS_ENDPOINT_URL/,
    ],
    [
      'a self-signed certificate',
      async () => `https://127.0.0.1:${await listen(createTlsServer(selfSigned()))}`,
      /^the certificate of 127\.0\.0\.1 is not accepted: it is self-signed .*AWS_CA_BUNDLE/,
    ],
    [
      'HTTPS to an HTTP port',
      async () =>
        `https://127.0.0.1:${await listen(createServer((socket) => socket.end('HTTP/1.1 400 Bad\r\n\r\n')))}`,
      /^the TLS handshake with 127\.0\.0\.1 failed .*check AWS_ENDPOINT_URL, its scheme/,
    ],
  ];
  for (const [what, endpoint, sentence] of endpoints)
    it(`names the host and the cause, does not advise a retry and marks the request as unsent: ${what}`, async () => {
      const url = await endpoint();
      const error = await failureAt(url);
      assert.match(error.message, sentence);
      if (!error.message.includes('EAI_AGAIN')) assert.doesNotMatch(error.message, /try again|in time/);
      assert.equal(error.ledger.reachable, false);
      assert.equal(error.ledger.working, false);
      assert.equal(error.ledger.lastError?.message, error.problem);
      const ofChange = await failureAt(url, true);
      assert.equal(ofChange.details.unsent, true);
    });

  it('does not mark a change as unsent if the response is not HTTP', async () => {
    const port = await listen(
      createServer((socket) => {
        socket.once('data', () => socket.end('\u0015\u0003\u0003\u0000\u0002\u0002\u0046'));
      }),
    );
    const error = await failureAt(`http://127.0.0.1:${port}`, true);
    assert.match(error.message, /^the response from 127\.0\.0\.1 to .* is not HTTP \(HPE_/);
    assert.equal(error.details.unsent, undefined);
  });

  it('does not mark a change as unsent if the connection closes without a response', async () => {
    const port = await listen(createServer((socket) => socket.once('data', () => socket.destroy())));
    const error = await failureAt(`http://127.0.0.1:${port}`, true);
    assert.match(error.message, /^127\.0\.0\.1 closed the connection before it responded to .*; try again/);
    assert.equal(error.details.unsent, undefined);
  });

  for (const [what, bytes] of [
    ['text without TLS', 'HTTP/1.1 502 Bad Gateway\r\n\r\n'],
    ['a record that cannot be decrypted', `\x17\x03\x03\x00\x20${'x'.repeat(32)}`],
    ['an alert in clear text', '\x15\x03\x03\x00\x02\x02\x28'],
  ] as const)
    it(`does not mark a change as unsent if TLS fails after the request: ${what}`, async () => {
      const certificate = selfSigned('localhost');
      const between = new Set<Socket>();
      const behind = await listen(
        createTlsServer(certificate, () => {
          for (const socket of between) socket.write(Buffer.from(bytes, 'latin1'));
        }),
      );
      const port = await listen(
        createServer((socket) => {
          between.add(socket);
          const far = connect(behind, '127.0.0.1');
          for (const one of [socket, far]) one.on('error', () => undefined);
          socket.pipe(far).pipe(socket);
        }),
      );
      const error = await failureAt(`https://localhost:${port}`, true, certificate.cert);
      assert.match(
        error.message,
        /^the TLS connection to localhost failed before the response to .* arrived .*; try again/,
      );
      assert.equal(error.details.unsent, undefined);
    });

  const codes: [string, RegExp][] = [
    ['CERT_HAS_EXPIRED', /the certificate of elb is not accepted: it has expired .*; renew it/],
    ['CERT_NOT_YET_VALID', /not valid yet .*clock/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /it is for another name .*AWS_ENDPOINT_URL/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /its certificate authority is unknown .*AWS_CA_BUNDLE/],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', /its certificate authority is unknown .*AWS_CA_BUNDLE/],
    ['EPROTO', /the TLS handshake with elb failed/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', /the TLS connection to elb failed before the response to a:B arrived/],
    ['SOMETHING_NEW', /elb closed the connection before it responded to a:B \(SOMETHING_NEW\); try again/],
  ];
  for (const [code, sentence] of codes)
    it(`has a message for ${code}`, () => {
      const failure = new NetworkFailure(Object.assign(new Error('no'), { code }), 'elb');
      assert.match(failure.toDomainError('a:B').message, sentence);
    });
});
