import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerResponse } from 'node:http';
import { OtlpTracer } from '../../telemetry/otlp-tracer.ts';
import { type Collector, startCollector } from '../support/collector.ts';
import { eventually } from '../support/world.ts';

const parent = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', sampled: true };
const ended = () => ({ attributes: {}, failed: false });

describe('OtlpTracer', () => {
  let collector: Collector;
  let tracer: OtlpTracer;
  let log: string[];
  afterEach(() => {
    collector.close();
  });

  async function start(respond?: (response: ServerResponse) => void): Promise<void> {
    // An exporter from an earlier test can still log a failure.
    const lines: string[] = (log = []);
    const add = (_fields: object, message: string) => lines.push(message);
    collector = await startCollector(respond);
    const options = { url: `${collector.url}/v1/traces`, headers: {}, serviceName: 'x', sampleRatio: 1 };
    tracer = new OtlpTracer(options, '1.0.0', { info: add, warn: add });
  }

  const received = (name: string) => collector.spans.find((span) => span.name === name);

  it('starts client spans as children of the active span, in all that its task starts', async () => {
    await start();
    const server = tracer.startServerSpan(parent);
    await server.run(async () => {
      await sleep(1);
      tracer.startClientSpan('call', { a: 1 }).end(ended);
    });
    tracer.startClientSpan('outside', {}).end(ended);
    server.end(() => ({ name: 'request', ...ended() }));
    await tracer.close();
    assert.equal(received('request')?.parentSpanId, parent.spanId);
    const call = received('call');
    assert.deepEqual([call?.traceId, call?.parentSpanId], [parent.traceId, server.context.spanId]);
    assert.notEqual(received('outside')?.traceId, parent.traceId);
    assert.deepEqual(received('outside')?.links, []);
  });

  it('starts a trace with a link for a call that begins after the request has ended', async () => {
    await start();
    const server = tracer.startServerSpan(parent);
    const background = server.run(async () => {
      await sleep(5);
      tracer.startClientSpan('call', {}).end(ended);
    });
    server.end(ended);
    await background;
    await tracer.close();
    const call = received('call');
    assert.ok(call && !call.parentSpanId && call.traceId !== parent.traceId);
    assert.deepEqual(
      call.links.map(({ traceId, spanId }) => [traceId, spanId]),
      [[parent.traceId, server.context.spanId]],
    );
  });

  it('does not describe a span that is not recorded', async () => {
    await start();
    const span = tracer.startServerSpan({ ...parent, sampled: false });
    assert.equal(span.context.sampled, false);
    span.end(() => assert.fail());
    await tracer.close();
    assert.deepEqual(collector.spans, []);
  });

  it('keeps at most 2,048 spans while the endpoint does not respond, in addition to one export', async () => {
    const waiting: ServerResponse[] = [];
    await start((response) => waiting.push(response));
    for (let n = 0; n < 20_000; n += 1) tracer.startClientSpan('call', {}).end(ended);
    await eventually(() => waiting.length === 1, 'the first export has arrived');
    await tracer.close();
    // The first export and, when the tracer is closed, the queue in batches of 512.
    assert.ok(collector.exports.length <= 1 + 2048 / 512, String(collector.exports.length));
  });

  it('closes while the endpoint does not respond', async () => {
    await start(() => undefined);
    tracer.startClientSpan('call', {}).end(ended);
    await tracer.close();
  });

  it('logs the first of several failures, and the next success', async () => {
    let works = false;
    await start((response) => {
      response.statusCode = works ? 200 : 400;
      response.end('{}');
    });
    const send = async () => {
      const before = collector.exports.length;
      tracer.startClientSpan('call', {}).end(ended);
      await eventually(() => collector.exports.length > before, 'the span is sent');
    };
    await send();
    await send();
    works = true;
    await send();
    await eventually(() => log.length === 2, 'the success is logged');
    assert.deepEqual(log, [
      'cannot export spans; spans are dropped until the endpoint recovers',
      'spans are exported again',
    ]);
    await tracer.close();
  });
});
