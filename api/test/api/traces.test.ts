import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { type Collector, type ReceivedSpan, startCollector } from '../support/collector.ts';
import { unusedPort } from '../support/unused-port.ts';
import {
  type Answer,
  describeElbs,
  describeInstances,
  noCache,
  startWorldInRealTime,
  type World,
} from '../support/world.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentId = '00f067aa0ba902b7';
const parent = (flags: string) => ({ traceparent: `00-${traceId}-${parentId}-${flags}` });
const list = '/elb/default-elb';

describe('Traces', () => {
  let world: World;
  let collector: Collector | undefined;
  afterEach(async () => {
    await world.close();
    collector?.close();
    collector = undefined;
  });

  async function start(env: Record<string, string> = {}, url?: string): Promise<void> {
    const endpoint = url === undefined ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: url };
    world = await startWorldInRealTime({}, { INVENTORY_MAX_AGE_MS: '60000', ...endpoint, ...env });
  }

  /** Closes the service, which exports the last spans, and returns all spans by name. */
  async function exported(): Promise<Map<string, ReceivedSpan[]>> {
    await world.service.close();
    return groupByName(collector!.spans);
  }

  const lineOf = (path: string) =>
    world.service.logged((line) => line.msg === 'request' && line['path'] === path);

  describe('without an endpoint', () => {
    it('returns the valid traceparent of a request and logs its ids, on both paths', async () => {
      await start();
      for (const [path, headers] of [
        [list, {}],
        [list, {}],
        [list, noCache],
        ['/elb/no-such-elb', {}],
      ] as const) {
        const answer = await world.ask(path, { headers: { ...headers, ...parent('01') } });
        assert.equal(answer.headers.get('traceparent'), parent('01').traceparent);
        const line = await lineOf(path);
        assert.deepEqual([line['traceId'], line['spanId']], [traceId, parentId]);
      }
    });

    it('logs the trace id with the warning of a change', async () => {
      await start();
      for (const instanceId of await world.ids('default-elb'))
        await world.ask(list, {
          method: 'DELETE',
          headers: parent('01'),
          body: JSON.stringify({ instanceId }),
        });
      const line = await world.service.logged(({ msg }) => msg.startsWith('no member is in service'));
      assert.equal(line['traceId'], traceId);
    });

    it('ignores an invalid traceparent and does not log it', async () => {
      await start();
      for (const traceparent of [
        '00-x',
        `00-${traceId}-${parentId}-01, x`,
        `ff-${traceId}-${parentId}-01`,
        '%1b[31m',
      ]) {
        const answer = await world.ask(list, { headers: { traceparent } });
        assert.equal(answer.status, 200);
        assert.equal(answer.headers.get('traceparent'), null);
      }
      const line = await lineOf(list);
      assert.deepEqual([line['traceId'], line['spanId']], [undefined, undefined]);
    });
  });

  describe('with an endpoint', () => {
    it('exports a span for each request, and its AWS calls as children, with the names of the conventions', async () => {
      collector = await startCollector();
      await start(
        { OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20secret', OTEL_SERVICE_NAME: 'inventory' },
        collector.url,
      );
      const headers = { ...parent('01'), 'User-Agent': 'probe/1', 'X-Request-Id': 'first' };
      const answer = await world.ask(`${list}?`, { headers });
      const line = await lineOf(list);
      const spans = await exported();

      const [server, ...others] = spans.get('GET /elb/:elbName') ?? [];
      assert.ok(server);
      assert.deepEqual(others, []);
      const { 'client.address': client, ...attributes } = server.attributes;
      assert.equal(client, '127.0.0.1');
      assert.deepEqual(attributes, {
        'http.request.method': 'GET',
        'http.route': '/elb/:elbName',
        'http.response.status_code': 200,
        'url.scheme': 'http',
        'url.path': list,
        'network.protocol.version': '1.1',
        'user_agent.original': 'probe/1',
        'user.name': 'tester',
        'elb_inventory.request_id': 'first',
      });
      assert.deepEqual(
        [server.traceId, server.parentSpanId, server.kind, server.status.code],
        [traceId, parentId, 2, 0],
      );
      assert.equal(answer.headers.get('traceparent'), `00-${traceId}-${server.spanId}-01`);
      assert.deepEqual([line['traceId'], line['spanId']], [traceId, server.spanId]);

      const { spanId } = server;
      const calls = [...spans.values()].flat().filter(({ parentSpanId }) => parentSpanId === spanId);
      for (const [method, action] of [
        [`Elastic Load Balancing/${describeElbs}`, describeElbs],
        [`EC2/${describeInstances}`, describeInstances],
      ] as const) {
        const [call, ...more] = calls.filter(({ name }) => name === method);
        assert.ok(call, action);
        assert.deepEqual(more, []);
        const { 'aws.request_id': requestId, ...ofCall } = call.attributes;
        assert.ok((line['awsRequestIds'] as unknown[]).includes(requestId));
        assert.deepEqual(ofCall, {
          'rpc.system.name': 'aws-api',
          'rpc.method': method,
          'cloud.region': 'us-east-1',
          'server.address': '127.0.0.1',
          'elb_inventory.attempts': 1,
        });
        assert.deepEqual([call.traceId, call.kind, call.status.code], [traceId, 3, 0]);
      }
      const { resource } = server;
      assert.deepEqual([resource['service.name'], resource['service.version']], ['inventory', '1.0.0']);
      assert.deepEqual(
        new Set(collector.exports.map(({ path, headers: sent }) => `${path} ${String(sent['api-key'])}`)),
        new Set(['/v1/traces a secret']),
      );
    });

    it('exports the span of a request on the fast path, and starts a trace without a parent', async () => {
      collector = await startCollector();
      await start({}, collector.url);
      await world.ask(list);
      const answer = await world.ask(list);
      const [, id = '', spanId = ''] = answer.headers.get('traceparent')?.split('-') ?? [];
      const span = (await exported()).get('GET /elb/:elbName')?.find((one) => one.spanId === spanId);
      assert.deepEqual([span?.traceId, span?.parentSpanId || undefined], [id, undefined]);
      assert.equal(span?.attributes['user.name'], 'tester');
    });

    it('marks spans of failed calls and of 5xx as errors, but not those of 4xx', async () => {
      collector = await startCollector();
      await start({ AWS_MAX_ATTEMPTS: '2' }, collector.url);
      world.aws.faults.set([{ status: 500, actions: [describeElbs] }]);
      assert.equal((await world.ask(list, { headers: parent('01') })).status, 502);
      world.aws.faults.clear();
      await world.ask('/no-such-path', { method: 'PROPFIND', headers: { Authorization: undefined } });
      const spans = await exported();
      const [failed] = spans.get('GET /elb/:elbName') ?? [];
      assert.deepEqual([failed?.status.code, failed?.attributes['error.type']], [2, 'aws_failed']);
      const call = spans
        .get(`Elastic Load Balancing/${describeElbs}`)
        ?.find((one) => one.parentSpanId === failed?.spanId);
      assert.deepEqual([call?.status.code, call?.attributes['error.type']], [2, 'aws_failed']);
      assert.equal(call?.attributes['elb_inventory.attempts'], 2);
      const [refused] = spans.get('_OTHER') ?? [];
      assert.deepEqual([refused?.status.code, refused?.attributes['error.type']], [0, undefined]);
      assert.equal(refused?.attributes['http.request.method_original'], 'PROPFIND');
    });

    it('follows the parent: exports nothing for one that is not sampled, and nothing of its calls', async () => {
      collector = await startCollector();
      await start({}, collector.url);
      const answer = await world.ask(list, { headers: parent('00') });
      assert.match(answer.headers.get('traceparent') ?? '', new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
      await exported();
      assert.deepEqual(
        collector.spans.filter((span) => span.traceId === traceId),
        [],
      );
    });

    it('samples a share of the traces without a parent, and all of those with a sampled one', async () => {
      collector = await startCollector();
      await start({ OTEL_TRACES_SAMPLER_ARG: '0' }, collector.url);
      await world.ask(list);
      await world.ask('/status', { headers: parent('01') });
      const spans = await exported();
      assert.deepEqual([...spans.keys()], ['GET /status']);
    });

    it('exports nothing of the query, of bodies and of credentials', async () => {
      collector = await startCollector();
      await start({ OTEL_EXPORTER_OTLP_HEADERS: 'api-key=export-secret' }, collector.url);
      await world.ask('/elb?name=private*', { headers: parent('01') });
      await world.ask('/elb/x', { headers: { Authorization: 'Basic d3Jvbmc6c2VjcmV0' } });
      await exported();
      const text = JSON.stringify(collector.spans);
      assert.ok(text.includes('GET /elb'));
      assert.doesNotMatch(text, /private|secret|d3Jvbmc6|Basic|c:olon/);
    });
  });

  const broken: [what: string, respond: ((response: ServerResponse) => void) | undefined][] = [
    ['never responds', () => undefined],
    ['resets each connection', (response) => response.destroy()],
    [
      'responds with 500',
      (response) => {
        response.statusCode = 500;
        response.end('secret detail');
      },
    ],
    ['does not exist', undefined],
  ];
  for (const [what, respond] of broken)
    it(`answers requests as before, and closes, if the endpoint ${what}`, async () => {
      if (respond !== undefined) collector = await startCollector(respond);
      const url = collector?.url ?? `http://127.0.0.1:${await unusedPort()}`;
      await start({ LOG_LEVEL: 'warn' }, url);
      const answers: Answer[] = [];
      for (let n = 0; n < 100; n += 1) answers.push(await world.ask(list));
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
      await world.service.close();
      const warnings = world.service.log.filter(({ msg }) => msg.startsWith('cannot export spans'));
      assert.ok(warnings.length <= 1);
      assert.doesNotMatch(JSON.stringify(world.service.log), /secret detail/);
    });
});

/** Node.js 20 does not have Map.groupBy. */
function groupByName(spans: readonly ReceivedSpan[]): Map<string, ReceivedSpan[]> {
  const groups = new Map<string, ReceivedSpan[]>();
  for (const span of spans) groups.set(span.name, [...(groups.get(span.name) ?? []), span]);
  return groups;
}
