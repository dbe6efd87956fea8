import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type EmbeddedAws, startEmbeddedAws } from '../embedded-aws/server.ts';
import { type Collector, startCollector } from './support/collector.ts';
import { isBuildTested, startServiceProcess } from './support/service.ts';

describe('The bundle of the tracer', () => {
  let aws: EmbeddedAws;
  let collector: Collector;
  before(async () => {
    aws = await startEmbeddedAws();
  });
  after(() => aws.close());
  afterEach(() => {
    (collector as Collector | undefined)?.close();
  });

  it('has the SDK of OpenTelemetry, which the bundle of the service does not have', () => {
    const [service, folder] = isBuildTested ? ['service.mjs', 'dist'] : ['server.js', '.test-build'];
    const text = (file: string) => readFileSync(`${folder}/${file}`, 'utf8');
    assert.match(text('tracer.mjs'), /OTEL_BSP_MAX_QUEUE_SIZE/);
    assert.doesNotMatch(text(service), /OTEL_BSP_MAX_QUEUE_SIZE/);
  });

  it('exports the last spans when the process closes', async () => {
    collector = await startCollector();
    const service = await startServiceProcess(aws.url, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    await service.request('/elb/default-elb');
    await service.close();
    assert.equal(service.child.exitCode, 0);
    assert.ok(collector.spans.some(({ name }) => name === 'GET /elb/:elbName'));
  });

  it('does not prevent the process from closing if the endpoint never responds', async () => {
    collector = await startCollector(() => undefined);
    const service = await startServiceProcess(aws.url, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    await service.request('/elb/default-elb');
    await service.close();
    assert.equal(service.child.exitCode, 0);
    assert.ok(service.log.some(({ msg }) => msg === 'closed'));
  });
});
