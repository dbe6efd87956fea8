import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type EmbeddedAws, startEmbeddedAws } from '../../embedded-aws/server.ts';
import { messageOf, secondToken, type Service, startService, token } from '../support/service.ts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ownId = /^[0-9a-f]{12}-[0-9a-z]+$/;

describe('The request log', () => {
  let aws: EmbeddedAws;
  let service: Service;
  before(async () => {
    aws = await startEmbeddedAws();
    const env = { INVENTORY_MAX_AGE_MS: '0', INVENTORY_MAX_STALE_MS: '0', AWS_DEADLINE_MS: '4000' };
    service = await startService(aws.url, env);
  });
  after(async () => {
    await service.close();
    await aws.close();
  });
  afterEach(() => {
    aws.faults.clear();
  });

  /** Sends a request with this id and returns its response and its log line. */
  async function logOf(requestId: string, path: string, init: RequestInit = {}) {
    const headers = { 'X-Request-Id': requestId, ...(init.headers as Record<string, string>) };
    const response = await service.request(path, { ...init, headers });
    const line = await service.logged((candidate) => candidate['requestId'] === requestId);
    return { response, line };
  }

  it('has one line per request with all its fields', async () => {
    const { response, line } = await logOf('whole-1', '/elb/default-elb', {
      headers: { 'X-Forwarded-For': '1.1.1.1, 198.51.100.7' },
    });
    assert.equal(response.status, 200);
    const { time, durationMs, awsRequestIds } = line;
    assert.ok(Math.abs(Number(time) - Date.now()) < 60_000);
    assert.ok(typeof durationMs === 'number' && durationMs > 0 && durationMs < 60_000);
    assert.ok(Array.isArray(awsRequestIds) && awsRequestIds.length === 2);
    for (const id of awsRequestIds) assert.match(String(id), uuid);
    const expected = {
      level: 30,
      method: 'GET',
      route: '/elb/:elbName',
      status: 200,
      principal: 'tester',
      client: '198.51.100.7',
      requestId: 'whole-1',
      msg: 'request',
    };
    for (const [field, value] of Object.entries(expected)) assert.equal(line[field], value, field);
    assert.equal(service.log.filter(({ requestId }) => requestId === 'whole-1').length, 1);
  });

  // This instance is in a zone that is not enabled for the load balancer.
  const neverInService = 'i-0809da4b5627c412e';
  for (const [when, latencyMs] of [
    ['AWS makes the change', 2500],
    ['the request waits', 0],
  ] as const)
    it(`shows that the client disconnected while ${when}`, async () => {
      aws.region.loadBalancer('empty-elb').setMembers([]);
      aws.faults.set([{ actions: ['RegisterInstancesWithLoadBalancer'], latencyMs }]);
      const requestId = `gone-${latencyMs}`;
      const request = service.request('/elb/empty-elb?wait=in-service', {
        method: 'POST',
        body: JSON.stringify({ instanceId: neverInService }),
        headers: { 'X-Request-Id': requestId },
        signal: AbortSignal.timeout(1500),
      });
      await assert.rejects(request, { name: 'TimeoutError' });
      const line = await service.logged((candidate) => candidate['requestId'] === requestId);
      assert.deepEqual([line['status'], line['clientGone']], [202, true]);
    });

  it('shows the user of the token', async () => {
    const headers = { Authorization: `Basic ${secondToken}` };
    const { line } = await logOf('principal-1', '/elb/empty-elb', { headers });
    assert.equal(line['principal'], 'rotated');
  });

  it('has no principal and no AWS request ids for GET /healthcheck', async () => {
    const { line } = await logOf('open-1', '/healthcheck');
    assert.equal(line['route'], '/healthcheck');
    assert.equal('principal' in line, false);
    assert.equal('awsRequestIds' in line, false);
  });

  it('shows a shortened path if there is no route', async () => {
    const { line } = await logOf('route-1', `/${'long'.repeat(500)}`);
    assert.equal(line['status'], 404);
    assert.equal(String(line['route']).length, 256);
  });

  it('has the reason of a refusal, without a stack', async () => {
    const { response, line } = await logOf('refusal-1', '/elb/no-such-elb');
    assert.equal(line['status'], 404);
    assert.equal(line['reason'], await messageOf(response));
    assert.equal('err' in line, false);
  });

  it('has the chain of causes of a failure', async () => {
    aws.faults.set([{ refuse: 'AccessDenied' }]);
    const { response, line } = await logOf('causes-1', '/elb/default-elb');
    assert.equal(response.status, 502);
    assert.equal(line['level'], 50);
    const err = line['err'] as Record<string, unknown> & { cause: Record<string, unknown> };
    assert.equal(err['type'], 'DomainError');
    assert.equal(err['code'], 'aws_refused');
    assert.equal(err['message'], await messageOf(response));
    assert.match(String(err['stack']), /aws-errors|service\.mjs/);
    assert.equal(err.cause['type'], 'AccessDenied');
    assert.match(String(err.cause['message']), /is not authorized to perform/);
  });

  it('has the id of the failed AWS request', async () => {
    aws.faults.set([{ refuse: 'AccessDenied' }]);
    const { line } = await logOf('failed-1', '/elb/default-elb');
    assert.equal(line['status'], 502);
    assert.match(String(line['awsRequestIds']), uuid);
  });

  for (const invalid of ['x'.repeat(129), 'a b', '{"a":1}', 'a,b', 'ü'])
    it(`replaces the invalid request id ${invalid.slice(0, 10)} and returns the new one`, async () => {
      const response = await service.request('/healthcheck', { headers: { 'X-Request-Id': invalid } });
      const requestId = response.headers.get('x-request-id')!;
      assert.match(requestId, ownId);
      await service.logged((line) => line['requestId'] === requestId);
    });

  for (const valid of ['x', 'Root=1-67891233-abcdef012345678912345678', 'x'.repeat(128)])
    it(`keeps the valid request id ${valid.slice(0, 10)} and returns it`, async () => {
      const { response } = await logOf(valid, '/healthcheck');
      assert.equal(response.headers.get('x-request-id'), valid);
    });

  it('generates a unique id for a request without one', async () => {
    const [one, other] = await Promise.all([
      service.request('/healthcheck'),
      service.request('/healthcheck'),
    ]);
    assert.match(one.headers.get('x-request-id')!, ownId);
    assert.notEqual(one.headers.get('x-request-id'), other.headers.get('x-request-id'));
  });

  it('never contains the Authorization header or AWS secrets, even when requests fail', async () => {
    const faults = [
      { refuse: true },
      { refuse: 'SignatureDoesNotMatch' },
      { status: 500 },
      { reset: true },
    ] as const;
    for (const [index, fault] of faults.entries()) {
      aws.faults.set([fault]);
      const { response } = await logOf(`secrets-${index}`, '/elb/default-elb');
      assert.ok(response.status >= 502, String(response.status));
    }
    // The log contains at most ten lines per second for unauthenticated requests, and earlier tests sent some.
    await sleep(1100);
    await logOf('secrets-wrong', '/elb/default-elb', {
      headers: { Authorization: `Basic ${Buffer.from('tester:mistyped').toString('base64')}` },
    });
    const text = JSON.stringify(service.log);
    for (const secret of [token, secondToken, 'c:olon', 'mistyped', 'test-secret-key', 'AKIATESTTESTTEST'])
      assert.ok(!text.includes(secret), secret);
    assert.doesNotMatch(text, /authorization"|AWS4-HMAC|Signature=/i);
  });
});

describe('createLogger', () => {
  /** Runs the logger in its own process, because it writes to standard output. */
  function outputOf(options: { level: string; readable: boolean }): string {
    const logging = new URL('../../logger/create-logger.ts', import.meta.url).href;
    const script = `
      const { createLogger } = await import(${JSON.stringify(logging)});
      const logger = createLogger(${JSON.stringify(options)});
      logger.debug({ route: '/d' }, 'a detail');
      logger.info({ route: '/a' }, 'an event');
      const cause = Object.assign(new Error('deep'), { code: 'EDEEP', $response: 'signature' });
      logger.error({ err: new Error('shallow', { cause }) }, 'a failure');
      logger.error({ err: 'a thrown text' }, 'another failure');`;
    const argv = ['--import', 'tsx', '--input-type', 'module', '--eval', script];
    const cwd = fileURLToPath(new URL('../../../', import.meta.url));
    const { stdout, stderr, status } = spawnSync(process.execPath, argv, { cwd, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout;
  }

  it('writes JSON lines with the causes of errors, without their other properties', () => {
    const lines = outputOf({ level: 'info', readable: false }).trimEnd().split('\n');
    const [event, failure, another] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.equal(lines.length, 3);
    assert.equal(event!['msg'], 'an event');
    assert.equal(event!['route'], '/a');
    const { cause, message } = failure!['err'] as Record<string, Record<string, unknown>>;
    assert.equal(message, 'shallow');
    assert.equal(cause!['code'], 'EDEEP');
    assert.deepEqual(Object.keys(cause!).sort(), ['code', 'message', 'stack', 'type']);
    assert.deepEqual(another!['err'], { message: 'a thrown text' });
  });

  it('writes readable lines with `readable`', () => {
    const output = outputOf({ level: 'debug', readable: true });
    assert.match(output, /DEBUG.*a detail/);
    assert.match(output, /INFO.*an event.*\/a/);
    assert.match(output, /ERROR.*a failure/);
    for (const line of output.trimEnd().split('\n')) assert.throws(() => JSON.parse(line) as unknown);
  });

  it('writes nothing at level silent', () => {
    assert.equal(outputOf({ level: 'silent', readable: false }), '');
  });
});
