import assert from 'node:assert/strict';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { ClassicElbGateway } from '../../aws/classic-elb-gateway.ts';
import { type AwsClientOptions, createAwsClients } from '../../aws/clients.ts';
import { type EmbeddedAws, startEmbeddedAws } from '../../embedded-aws/server.ts';
import { AwsLedger } from '../../telemetry/aws-ledger.ts';
import { startTrace } from '../../telemetry/aws-trace.ts';
import { systemClock } from '../../clock.ts';
import { selfSigned } from '../support/certificates.ts';

const names = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'https_proxy', 'http_proxy', 'no_proxy'] as const;

describe('RequestHandler', () => {
  const certificate = selfSigned('localhost');
  let aws: EmbeddedAws;
  let tls: Server;
  let proxy: Server;
  /** The first line of each request to the proxy. */
  let requests: string[] = [];
  const sockets = new Set<Socket>();
  const portOf = (server: Server) => (server.address() as AddressInfo).port;
  const urlOf = (server: Server) => `127.0.0.1:${portOf(server)}`;
  before(async () => {
    aws = await startEmbeddedAws();
    // A TLS server in front of the embedded AWS, and a proxy that supports only CONNECT.
    tls = createTlsServer(certificate, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const headers = { authorization: request.headers.authorization ?? '' };
        void fetch(aws.url, { method: 'POST', body: Buffer.concat(chunks), headers }).then(async (answer) =>
          response.end(await answer.text()),
        );
      });
    });
    proxy = createServer((socket) => {
      sockets.add(socket);
      socket
        .on('error', () => undefined)
        .once('data', (head: Buffer) => {
          const line = head.toString('latin1').split('\r\n', 1)[0]!;
          requests.push(line);
          const [, host = '', port = ''] = /^CONNECT (localhost):(\d+) /.exec(line) ?? [];
          if (host === '') {
            socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Type: text/html\r\n\r\nno');
            return;
          }
          const far = connect(Number(port), host, () => {
            socket.write('HTTP/1.1 200 OK\r\n\r\n');
            socket.pipe(far).pipe(socket);
          });
          far.on('error', () => socket.destroy());
          sockets.add(far);
        });
    });
    for (const server of [tls, proxy])
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    tls.close();
    proxy.close();
    await aws.close();
  });
  const saved = Object.fromEntries(names.map((name) => [name, process.env[name]]));
  const unset = () => {
    for (const name of names) Reflect.deleteProperty(process.env, name);
  };
  beforeEach(() => {
    requests = [];
    unset();
  });
  after(() => {
    // Later test files in this process must not use the proxy.
    unset();
    for (const name of names) if (saved[name] !== undefined) process.env[name] = saved[name];
  });

  const read = (options: Partial<AwsClientOptions>) => {
    const clients = createAwsClients({
      clock: systemClock,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      connectTimeoutMs: 5000,
      answerTimeoutMs: 5000,
      ...options,
    });
    const budget = { elbReadsPerSecond: 9, ec2ReadsPerSecond: 9 };
    return new ClassicElbGateway(clients, new AwsLedger(systemClock), budget, systemClock).describeRegion(
      startTrace(systemClock, 8000),
    );
  };
  const https = () => ({ endpoint: `https://localhost:${portOf(tls)}`, caBundle: certificate.cert });

  it('rejects a certificate whose authority is not in AWS_CA_BUNDLE', async () => {
    const { endpoint } = https();
    await assert.rejects(read({ endpoint }), { message: /self-signed .*AWS_CA_BUNDLE/ });
    await assert.rejects(read({ endpoint, caBundle: selfSigned().cert }), { code: 'aws_unreachable' });
    assert.equal((await read(https())).size, 3);
  });

  for (const name of ['HTTPS_PROXY', 'https_proxy'])
    it(`connects through the proxy in ${name}`, async () => {
      process.env[name] = `http://${urlOf(proxy)}`;
      assert.equal((await read(https())).size, 3);
      assert.match(requests[0]!, new RegExp(`^CONNECT localhost:${portOf(tls)} `));
    });

  for (const name of ['NO_PROXY', 'no_proxy'])
    it(`connects directly to a host in ${name}`, async () => {
      process.env['HTTPS_PROXY'] = `http://${urlOf(proxy)}`;
      process.env[name] = 'localhost';
      assert.equal((await read(https())).size, 3);
      assert.deepEqual(requests, []);
    });

  it('reports a proxy that requires a password', async () => {
    process.env['HTTP_PROXY'] = `http://${urlOf(proxy)}`;
    await assert.rejects(read({ endpoint: aws.url }), {
      code: 'aws_failed',
      message: /did not come from AWS .*HTTP 407.*HTTPS_PROXY/,
    });
  });

  it('connects directly to the embedded AWS', async () => {
    process.env['HTTP_PROXY'] = `http://${urlOf(proxy)}`;
    assert.equal((await read({ endpoint: aws.url, embedded: true })).size, 3);
    assert.deepEqual(requests, []);
  });
});
