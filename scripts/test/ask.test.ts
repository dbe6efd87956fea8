import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Finished, start } from '../../api/test/support/process.ts';

describe('ask.mjs', () => {
  let folder: string;
  let server: Server;
  let requests: IncomingMessage[];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'elb-inventory-ask-'));
    requests = [];
    server = createServer((request, response) => {
      requests.push(request);
      response.writeHead(request.url === '/refused' ? 503 : 200).end(`{"path":"${request.url ?? ''}"}`);
    }).listen(join(folder, 'control.sock'));
    await once(server, 'listening');
  });
  afterEach(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  const ask = (args: string[], env: Record<string, string> = {}): Promise<Finished> =>
    start(process.execPath, [resolve('scripts/ask.mjs'), ...args], {
      CONTROL_SOCKET: join(folder, 'control.sock'),
      ...env,
    }).finished;
  const authorizations = () => requests.map(({ headers }) => headers.authorization);

  it('exits with 1 and prints the reason if the service does not listen', async () => {
    const { code, output } = await ask(['GET', '/a'], { CONTROL_SOCKET: join(folder, 'none') });
    assert.deepEqual([code, output.includes('ENOENT')], [1, true]);
  });

  it('prints the status and the body of each response, and exits with 1 if one is not 200', async () => {
    const { code, output } = await ask(['GET', '/a', '/refused', '/b']);
    assert.equal(output, '200 {"path":"/a"}\n503 {"path":"/refused"}\n200 {"path":"/b"}\n');
    assert.equal(code, 1);
    assert.equal((await ask(['GET', '/a', '/b'])).code, 0);
  });

  it('sends the first token of API_TOKEN', async () => {
    const { output } = await ask(['POST', '/a'], { API_TOKEN: 'Zmlyc3Q6, c2Vjb25kOg==' });
    assert.deepEqual([requests[0]?.method, ...authorizations()], ['POST', 'Basic Zmlyc3Q6']);
    assert.doesNotMatch(output, /Zmlyc3Q6/);
  });

  it('sends the first token in the file of API_TOKEN_FILE, and none without a token', async () => {
    const file = join(folder, 'tokens');
    writeFileSync(file, '\uFEFFZmlyc3Q6,c2Vjb25kOg==\r\n');
    await ask(['GET', '/a'], { API_TOKEN_FILE: file, API_TOKEN: '' });
    await ask(['GET', '/a'], { API_TOKEN_FILE: '', API_TOKEN: '' });
    assert.deepEqual(authorizations(), ['Basic Zmlyc3Q6', undefined]);
  });
});
