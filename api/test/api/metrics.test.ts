import assert from 'node:assert/strict';
import { totalmem } from 'node:os';
import { type Samples, samplesOf } from '../support/metrics.ts';
import { token } from '../support/service.ts';
import { type Answer, describeElbs, noCache, startWorld, type World } from '../support/world.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const scraper = base64('prometheus:scrape only');
const openMetrics = { Accept: 'application/openmetrics-text;version=1.0.0' };

describe('GET /metrics', () => {
  let world: World;
  afterEach(() => world.close());
  const start = async (env: Record<string, string> = {}) => {
    world = await startWorld({}, { METRICS_TOKEN: scraper, ...env });
  };
  const scrape = async (): Promise<Samples> => {
    const answer = await world.ask('/metrics', { headers: { Authorization: `Bearer ${scraper}` } });
    assert.equal(answer.status, 200, answer.body);
    return samplesOf(answer.body);
  };

  it('returns 401 without valid credentials', async () => {
    await start();
    for (const authorization of [
      undefined,
      `Basic ${base64('prometheus:wrong')}`,
      `Bearer ${base64('prometheus:wrong')}`,
      `Basic ${base64('tester:scrape only')}`,
      `Digest ${scraper}`,
      'Bearer',
      scraper,
    ]) {
      const answer = await world.ask('/metrics', { headers: { Authorization: authorization } });
      assert.equal(answer.status, 401, authorization);
      assert.doesNotMatch(answer.body, /elb_inventory_|does not accept Bearer/);
    }
  });

  it('returns 401 for METRICS_TOKEN on every other path and for every change', async () => {
    await start();
    // A cached list is returned on the fast path.
    await world.ids('default-elb');
    const body = JSON.stringify({ instanceId: 'i-0b22a22eec53b9321' });
    for (const [method, path] of [
      ...[['GET', '/status'] as const, ['GET', '/elb'] as const, ['GET', '/elb/default-elb'] as const],
      ...[['GET', '/elb/default-elb/health'] as const, ['GET', '/no-such-path'] as const],
      ...[['POST', '/metrics'] as const, ['POST', '/elb/default-elb'] as const],
      ...[['DELETE', '/elb/default-elb'] as const, ['POST', '/elb/default-elb/instances'] as const],
      ['DELETE', '/elb/default-elb/instances'] as const,
    ])
      for (const scheme of ['Basic', 'Bearer']) {
        const headers = {
          Authorization: `${scheme} ${scraper}`,
          'X-Forwarded-For': scheme === 'Basic' ? '192.0.2.1' : '192.0.2.2',
        };
        const answer = await world.ask(path, { method, headers, ...(method !== 'GET' && { body }) });
        assert.equal(answer.status, 401, `${scheme}, ${method} ${path}`);
      }
    assert.equal(world.calls('RegisterInstancesWithLoadBalancer'), 0);
  });

  it('returns 404 with METRICS=off', async () => {
    await start({ METRICS: 'off' });
    assert.equal((await world.ask('/metrics')).status, 404);
    const headers = { Authorization: `Basic ${scraper}` };
    assert.equal((await world.ask('/metrics', { headers })).status, 401);
  });

  it('allows only GET and HEAD, and no query parameters', async () => {
    await start();
    const post = await world.ask('/metrics', { method: 'POST' });
    assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD']);
    assert.equal((await world.ask('/metrics?name=up')).status, 400);
    const head = await world.ask('/metrics', { method: 'HEAD' });
    assert.deepEqual([head.status, head.body], [200, '']);
  });

  it('accepts tokens of the API, and METRICS_TOKEN with the schemes Basic and Bearer', async () => {
    await start();
    for (const authorization of [
      `Basic ${token}`,
      `Basic ${scraper}`,
      `Bearer ${scraper}`,
      `bEARER ${scraper}`,
    ])
      assert.equal((await world.ask('/metrics', { headers: { Authorization: authorization } })).status, 200);
    const line = await world.service.logged(({ principal }) => principal === 'prometheus');
    assert.equal(line['route'], '/metrics');
  });

  it('returns the text format of Prometheus, and OpenMetrics on request, without a call to AWS', async () => {
    await start();
    const type = ({ status, headers }: Answer) => {
      assert.equal(status, 200);
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.equal(headers.get('vary'), 'Accept');
      return headers.get('content-type');
    };
    const text = await world.ask('/metrics');
    assert.equal(type(text), 'text/plain; version=0.0.4; charset=utf-8');
    assert.match(text.body, /^# TYPE elb_inventory_calls_held_up_total counter$/m);
    const openmetrics = await world.ask('/metrics', { headers: openMetrics });
    assert.equal(type(openmetrics), 'application/openmetrics-text; version=1.0.0; charset=utf-8');
    assert.match(openmetrics.body, /^# TYPE elb_inventory_calls_held_up counter$/m);
    assert.match(openmetrics.body, /\n# EOF\n$/);
    assert.equal(world.calls(), 0);
  });

  it('counts requests by method, route and status, on the fast path and through Koa', async () => {
    await start();
    for (let n = 0; n < 3; n += 1) await world.ids('default-elb');
    await world.ids('default-elb', noCache);
    await world.ask('/elb/no-such-elb');
    await world.ask('/healthcheck', { method: 'HEAD' });
    const samples = await scrape();
    const count = (method: string, route: string, status: number) =>
      samples.get('http_server_request_duration_seconds_count', {
        http_request_method: method,
        http_route: route,
        http_response_status_code: String(status),
      });
    assert.equal(count('GET', '/elb/:elbName', 200), 4);
    assert.equal(count('GET', '/elb/:elbName', 404), 1);
    assert.equal(count('HEAD', '/healthcheck', 200), 1);
    assert.equal(samples.get('http_server_active_requests'), 1);
  });

  it('measures the time of a request until its response is closed', async () => {
    await start();
    world.aws.faults.set([{ latencyMs: 300, actions: [describeElbs] }]);
    await world.ids('default-elb');
    const samples = await scrape();
    const series = {
      http_request_method: 'GET',
      http_route: '/elb/:elbName',
      http_response_status_code: '200',
    };
    const bucket = (le: string) =>
      samples.get('http_server_request_duration_seconds_bucket', { ...series, le });
    assert.deepEqual([bucket('0.25'), bucket('60'), bucket('+Inf')], [0, 1, 1]);
    assert.ok(samples.get('http_server_request_duration_seconds_sum', series) >= 0.3);
    assert.equal(bucket('0.0005'), 0);
  });

  it('has a fixed number of series, whatever clients send', async () => {
    await start();
    const send = async (round: number) => {
      for (const method of ['PROPFIND', 'PURGE', 'M-SEARCH', 'PATCH'])
        await world.ask(`/x-${round}`, { method });
      for (const path of [`/elb/elb-${round}`, `/elb/-${round}-`, `/${round}/${round}`, `/elb?x${round}=1`])
        await world.ask(path, { headers: { 'X-Request-Id': `id-${round}` } });
      for (const authorization of [base64(`user${round}:wrong`), `Token${round} x`, undefined])
        await world.ask('/elb/default-elb', {
          headers: { Authorization: authorization && `Basic ${authorization}` },
        });
    };
    // Valid credentials are accepted even after the address has reached the limit.
    await scrape();
    // The first ten rounds also reach the limit for rejected credentials.
    for (let round = 0; round < 10; round += 1) await send(round);
    await scrape();
    const before = await scrape();
    for (let round = 10; round < 40; round += 1) await send(round);
    const after = await scrape();
    assert.deepEqual(after.names(), before.names());
    const methods = new Set(after.labels('http_request_method'));
    assert.deepEqual(methods, new Set(['GET', 'PATCH', '_OTHER']));
    assert.ok(after.labels('http_route').every((route) => /^(unmatched|\/[a-z/:N]*)$/.test(route)));
  });

  it('counts refused credentials by their fault, and suppressed log lines', async () => {
    await start({ LOG_MAX_PER_SECOND: '0' });
    for (let n = 0; n < 14; n += 1)
      await world.ask('/elb/default-elb', { headers: { Authorization: undefined } });
    await world.ask('/elb/default-elb', { headers: { Authorization: `Basic ${base64('a:b')}` } });
    await world.ask('/healthcheck');
    const samples = await scrape();
    const refused = (reason: string) => samples.get('elb_inventory_refused_credentials_total', { reason });
    assert.deepEqual([refused('missing'), refused('wrong')], [14, 1]);
    assert.ok(samples.get('elb_inventory_log_lines_suppressed_total') >= 5);
    assert.equal(samples.get('elb_inventory_log_lines_dropped_total'), 0);
  });

  it('counts calls, attempts and throttling of each AWS action', async () => {
    await start({ AWS_DEADLINE_MS: '5000' });
    await world.ids('default-elb');
    const action = `elasticloadbalancing:${describeElbs}`;
    const calls = (samples: Samples, outcome: string) =>
      samples.get('elb_inventory_aws_call_duration_seconds_count', { action, outcome });
    const attempts = (samples: Samples, outcome: string) =>
      samples.get('elb_inventory_aws_attempts_total', { action, outcome });
    const before = await scrape();
    assert.equal(before.get('elb_inventory_aws_working'), 1);
    world.aws.faults.set([{ throttle: true, actions: [describeElbs], count: 1 }]);
    await world.ask('/elb/default-elb', { headers: noCache });
    world.aws.faults.set([{ status: 500, actions: [describeElbs] }]);
    await world.clock.pass(2000);
    assert.equal((await world.ask('/elb/default-elb', { headers: noCache })).status, 502);
    const after = await scrape();
    assert.equal(calls(after, 'ok') - calls(before, 'ok'), 1);
    assert.ok(calls(after, 'aws_failed') >= 1);
    assert.ok(attempts(after, 'throttled') >= 1);
    assert.equal(
      ['ok', 'throttled', 'failed'].reduce((sum, outcome) => sum + attempts(after, outcome), 0),
      world.calls(describeElbs),
    );
    assert.deepEqual(
      [after.get('elb_inventory_aws_reachable'), after.get('elb_inventory_aws_working')],
      [1, 0],
    );
    const held = { budget: 'load balancer reads', by: 'aws' };
    assert.ok(after.get('elb_inventory_calls_held_up_total', held) >= 1);
  });

  it('counts cache hits, misses and stale lists', async () => {
    await start();
    const empty = await scrape();
    assert.equal(empty.has('elb_inventory_cache_age_seconds'), false);
    await world.ids('default-elb');
    await world.ids('default-elb');
    await world.ids('default-elb', noCache);
    world.aws.faults.set([{ silent: true }]);
    await world.clock.pass(10_000);
    await world.ids('default-elb');
    const samples = await scrape();
    const reads = (result: string) => samples.get('elb_inventory_cache_reads_total', { result });
    assert.deepEqual(
      ['miss-unknown', 'hit', 'miss-on-request', 'stale', 'miss-expired'].map(reads),
      [1, 1, 1, 1, 0],
    );
    assert.ok(samples.get('elb_inventory_cache_age_seconds') >= 10);
    assert.equal(samples.get('elb_inventory_cache_load_balancers'), 3);
  });

  it('has the numbers of GET /status', async () => {
    await start();
    await world.ids('default-elb');
    await world.attach('default-elb', 'i-0b22a22eec53b9321');
    const [samples, answer] = [await scrape(), await world.ask('/status')];
    const { version, commit, aws } = (
      JSON.parse(answer.body) as {
        message: {
          version: string;
          commit: string;
          aws: {
            calls: { action: string; spent: number }[];
            budgets: { name: string; left?: number; waiting: number; heldUpByUs: { calls: number } }[];
          };
        };
      }
    ).message;
    assert.deepEqual(samples.find('elb_inventory_build_info'), [
      { version, commit, backend: 'aws', region: 'us-east-1' },
    ]);
    for (const { action, spent } of aws.calls)
      assert.equal(samples.get('elb_inventory_aws_attempts_total', { action, outcome: 'ok' }), spent);
    for (const { name: budget, waiting, heldUpByUs } of aws.budgets) {
      assert.equal(samples.get('elb_inventory_call_budget_waiting', { budget }), waiting);
      const held = { budget, by: 'us' };
      assert.equal(samples.get('elb_inventory_calls_held_up_total', held), heldUpByUs.calls);
      assert.equal(
        samples.find('elb_inventory_call_budget_remaining').some((labels) => labels['budget'] === budget),
        budget !== 'changes',
      );
    }
    assert.equal(samples.get('elb_inventory_waiters'), 0);
  });

  it('measures the event loop, the garbage collection, the memory and the CPU time', async () => {
    await start();
    const hasDelays = async () => (await scrape()).has('nodejs_eventloop_delay_max_seconds');
    await world.eventually(hasDelays, 'the first delay is measured');
    const samples = await scrape();
    for (const name of ['mean', 'max', 'p50', 'p90', 'p99'])
      assert.ok(samples.get(`nodejs_eventloop_delay_${name}_seconds`) >= 0, name);
    assert.ok(samples.get('process_memory_usage_bytes') > 10e6);
    const limit = samples.get('elb_inventory_memory_limit_bytes');
    assert.ok(limit > 100e6 && limit <= totalmem(), String(limit));
    assert.ok(samples.get('elb_inventory_heap_limit_bytes') > 50e6);
    assert.ok(samples.get('process_cpu_time_seconds_total', { cpu_mode: 'user' }) > 0);
    assert.ok(samples.get('nodejs_eventloop_time_seconds_total', { nodejs_eventloop_state: 'active' }) > 0);
    for (const type of ['major', 'minor', 'incremental', 'weakcb'])
      assert.ok(samples.get('v8js_gc_duration_seconds_count', { v8js_gc_type: type }) >= 0);
    assert.ok(samples.get('v8js_memory_heap_used_bytes', { v8js_heap_space_name: 'old_space' }) > 1e6);
  });

  it('contains no secret, and no value of a request', async () => {
    await start();
    const secrets = [token, scraper, 'c:olon', 'scrape only', 'test-secret-key', 'AKIATESTTESTTEST'];
    await world.ask('/elb/secret-elb-name', { headers: { 'X-Request-Id': 'secret-id' } });
    await world.attach('default-elb', 'i-0b22a22eec53b9321');
    const { body } = await world.ask('/metrics');
    for (const text of [...secrets, 'secret', 'default-elb', 'i-0b22', 'tester', 'prometheus:'])
      assert.ok(!body.includes(text), text);
  });
});
