import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../config/config';
import { billedServiceMetrics, serviceMetrics } from '../monitoring/service-metrics';
import { variant, type Block } from './support/synthesized';
import { source } from './support/variants';

/** Returns a JSON value of the user data. */
function fromUserData(name: 'AGENT_METRICS' | 'SCRAPE_CONFIG'): Record<string, any> {
  const [, text = ''] =
    new RegExp(`^readonly ${name}='(.*)'$`, 'm').exec(variant('everything').userData) ?? [];
  return JSON.parse(text) as Record<string, any>;
}

describe('METRICS=cloudwatch', () => {
  const declarations = fromUserData('AGENT_METRICS')['logs'].metrics_collected.prometheus.emf_processor
    .metric_declaration as {
    source_labels: string[];
    label_matcher: string;
    dimensions: string[][];
    metric_selectors: string[];
  }[];

  it('sends metrics that the service has, with their labels, and no histogram', () => {
    const docs = readFileSync(join(__dirname, '../../docs/observability.md'), 'utf8').replace(
      /\{([^}]*)\}/g,
      'p99',
    );
    for (const { name, by } of serviceMetrics) {
      const row = docs.split('\n').find((line) => line.startsWith('|') && line.includes(`\`${name}\``)) ?? '';
      const [, , type = '', labels = '', meaning = ''] = row.split('|');
      assert.match(type, /^ (counter|gauge) $/, name);
      if (by === undefined) continue;
      assert.ok(labels.includes(`\`${by.label}\``), name);
      for (const value of by.values) assert.ok(meaning.includes(`\`${value}\``), `${name}: ${value}`);
    }
  });

  it('declares each metric once, with the dimensions of the dashboard', () => {
    const sent = declarations.flatMap(({ dimensions, metric_selectors }) =>
      metric_selectors.map((selector) => [selector, dimensions[0]?.join()] as const),
    );
    assert.deepEqual(
      sent.map(([selector]) => selector).sort(),
      serviceMetrics.map(({ name }) => `^${name}$`).sort(),
    );
    const { widgets } = JSON.parse(
      String(variant('everything').the('aws_cloudwatch_dashboard')['dashboard_body']),
    ) as { widgets: { properties: { metrics: [namespace: string, name: string, ...rest: unknown[]][] } }[] };
    const shown = widgets
      .flatMap(({ properties }) => properties.metrics)
      .filter(([namespace, name]) => namespace === 'inventory-prod' && /^(elb_|nodejs_)/.test(name));
    assert.equal(shown.length, 12);
    for (const [, name, ...rest] of shown) {
      const pairs = rest.slice(0, -1);
      assert.deepEqual(pairs.slice(0, 2), ['Service', 'inventory-prod']);
      const names = pairs.filter((_, at) => at % 2 === 0).join();
      assert.ok(
        sent.some(([selector, dimensions]) => selector === `^${name}$` && dimensions === names),
        `${name} by ${names}`,
      );
    }
    for (const { source_labels, label_matcher } of declarations)
      assert.deepEqual([source_labels, label_matcher], [['Service'], '^inventory-prod$']);
  });

  it('is billed for as many metrics as README.md says', () => {
    const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');
    assert.match(readme, new RegExp(`\\b${billedServiceMetrics().toString()} metrics\\b`));
  });

  it('scrapes the service on its own host, and keeps the sent metrics only', () => {
    const [scrape] = fromUserData('SCRAPE_CONFIG')['scrape_configs'] as Block[];
    assert.deepEqual(scrape?.['static_configs'], [
      { targets: ['127.0.0.1:8000'], labels: { Service: 'inventory-prod' } },
    ]);
    const [{ regex }] = scrape['metric_relabel_configs'] as [{ regex: string }];
    assert.deepEqual(
      regex.split('|'),
      serviceMetrics.map(({ name }) => name),
    );
  });

  it('has a scrape configuration that Prometheus accepts', function () {
    const folder = mkdtempSync(join(tmpdir(), 'scrape-'));
    const text = JSON.stringify(fromUserData('SCRAPE_CONFIG'));
    writeFileSync(join(folder, 'token'), '');
    const check = (config: string) => {
      writeFileSync(join(folder, 'prometheus.json'), config);
      return spawnSync('promtool', ['check', 'config', join(folder, 'prometheus.json')], {
        encoding: 'utf8',
      });
    };
    const { error, status, stderr } = check(
      text.replace('/opt/aws/amazon-cloudwatch-agent/etc/metrics-token', join(folder, 'token')),
    );
    const mutant = check(text.replace('"scrape_interval"', '"scrape_intervals"'));
    rmSync(folder, { recursive: true });
    if (error) this.skip();
    assert.equal(status, 0, stderr);
    assert.notEqual(mutant.status, 0);
  });

  it('takes traces on the port to which the service sends them; ENVIRONMENT can change their share', () => {
    const { otlp } = fromUserData('AGENT_METRICS')['traces'].traces_collected;
    const service = (ENVIRONMENT: string) =>
      readConfig({ ...source, METRICS: 'cloudwatch', METRICS_TOKEN_PARAMETER: '/x/metrics', ENVIRONMENT })
        .environment;
    assert.equal(service('')['OTEL_EXPORTER_OTLP_ENDPOINT'], `http://${String(otlp.http_endpoint)}`);
    assert.equal(service('')['OTEL_TRACES_SAMPLER_ARG'], '0.05');
    assert.equal(service('OTEL_TRACES_SAMPLER_ARG=1')['OTEL_TRACES_SAMPLER_ARG'], '1');
  });

  it('is off by default', () => {
    const { userData } = variant('default');
    assert.match(userData, /^readonly AGENT_METRICS=''$/m);
    assert.doesNotMatch(userData, /OTEL_/);
  });
});
