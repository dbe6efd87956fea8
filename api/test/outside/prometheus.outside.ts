import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { emptyFolder } from '../support/service.ts';
import { type ServerProcess, startServer } from '../support/process.ts';
import { describeElbs, eventually, noCache, startWorldInRealTime, type World } from '../support/world.ts';

const files = fileURLToPath(new URL('../../../observability/', import.meta.url));
const read = (file: string): unknown => load(readFileSync(join(files, file), 'utf8'));

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: Readonly<Record<string, string>>;
}
const { groups } = read('prometheus/alerts.yml') as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

interface Target {
  readonly expr: string;
  readonly legendFormat: string;
}
const dashboard = read('grafana/dashboards/elb-inventory.json') as {
  panels: { targets?: Target[] }[];
};
const targets = dashboard.panels.flatMap(({ targets = [] }) => targets);

const user = 'prometheus';
const password = 'only for scrapes';
const scrapeToken = Buffer.from(`${user}:${password}`).toString('base64');

interface ScrapeTarget {
  readonly labels: { readonly job: string };
  readonly health: string;
  readonly lastError: string;
}

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [at: number, value: string];
}

describe('Prometheus', function () {
  this.timeout(60_000);
  let world: World;
  let prometheus: ServerProcess;
  before(async () => {
    world = await startWorldInRealTime({}, { METRICS_TOKEN: scrapeToken, LOG_MAX_PER_SECOND: '1' });
    const folder = emptyFolder();
    const target = { static_configs: [{ targets: [new URL(world.service.url).host] }] };
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [join(files, 'prometheus/alerts.yml')],
      scrape_configs: [
        { job_name: 'elb-inventory', authorization: { credentials: scrapeToken }, ...target },
        { job_name: 'basic', basic_auth: { username: user, password }, ...target },
      ],
    };
    // JSON is valid YAML.
    const file = join(folder, 'prometheus.yml');
    writeFileSync(file, JSON.stringify(config));
    const data = `--storage.tsdb.path=${join(folder, 'data')}`;
    prometheus = await startServer(
      'prometheus',
      (port) => [`--config.file=${file}`, data, `--web.listen-address=127.0.0.1:${port}`],
      '/-/ready',
    );
    await useEverything(world);
  });
  after(async () => {
    await (prometheus as ServerProcess | undefined)?.close();
    await (world as World | undefined)?.close();
  });

  async function api<T>(path: string): Promise<T> {
    const response = await fetch(`${prometheus.url}/api/v1/${path}`, { headers: { Connection: 'close' } });
    const { status, data, error } = (await response.json()) as { status: string; data: T; error?: string };
    assert.equal(status, 'success', `${path}: ${String(error)}`);
    return data;
  }

  /** Returns the series that an instant query returns. */
  async function query(expression: string): Promise<Series[]> {
    return (await api<{ result: Series[] }>(`query?query=${encodeURIComponent(expression)}`)).result;
  }

  /** Runs promtool and asserts that it succeeds. Returns its standard error output. */
  function promtool(args: string[], input = ''): string {
    const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8', cwd: files });
    assert.equal(status, 0, `promtool ${args.join(' ')}: ${stdout}${stderr}`);
    return stderr;
  }

  /** Resolves with the series for each query, by expression, when every query returns some. */
  async function seriesOf(expressions: readonly string[]): Promise<Map<string, Series[]>> {
    const found = new Map<string, Series[]>();
    let missing = [...expressions];
    for (let round = 0; round < 20 && missing.length > 0; round += 1) {
      for (const expression of missing) found.set(expression, await query(expression));
      missing = missing.filter((expression) => found.get(expression)?.length === 0);
      if (missing.length > 0) await sleep(500);
    }
    assert.deepEqual(missing, [], 'have no series');
    return found;
  }

  it("accepts the text format without a finding of promtool's linter", async () => {
    const { body } = await world.ask('/metrics');
    assert.equal(promtool(['check', 'metrics'], body), '');
  });

  it('scrapes the service as OpenMetrics, with the scheme Bearer and with Basic', async () => {
    let scraped: ScrapeTarget[] = [];
    await eventually(async () => {
      ({ activeTargets: scraped } = await api<{ activeTargets: ScrapeTarget[] }>('targets'));
      return scraped.length === 2 && scraped.every(({ health }) => health !== 'unknown');
    }, 'both jobs have scraped');
    assert.deepEqual(scraped.map(({ labels, health, lastError }) => [labels.job, health, lastError]).sort(), [
      ['basic', 'up', ''],
      ['elb-inventory', 'up', ''],
    ]);
    const reads = 'http_server_request_duration_seconds_count{http_route="/elb/:elbName"}';
    // Only OpenMetrics writes this bound as 1.0.
    await seriesOf([reads, 'http_server_request_duration_seconds_bucket{le="1.0"}']);
  });

  describe('with the alerts', () => {
    it('checks and tests the rules, and the configuration for Docker Compose', () => {
      promtool(['check', 'rules', 'prometheus/alerts.yml']);
      promtool(['check', 'config', '--syntax-only', 'prometheus/prometheus.yml']);
      promtool(['test', 'rules', 'prometheus/alerts.test.yml']);
    });

    it('has a test in which each alert fires, and one in which it does not', () => {
      const { tests } = read('prometheus/alerts.test.yml') as {
        tests: { promql_expr_test: { expr: string; exp_samples: unknown[] }[] }[];
      };
      const expected = tests.flatMap(({ promql_expr_test }) => promql_expr_test);
      for (const { alert } of rules) {
        const ofAlert = expected.filter(({ expr }) => expr.includes(`alertname="${alert}"`));
        assert.deepEqual(
          new Set(ofAlert.map(({ exp_samples }) => exp_samples.length)),
          new Set([0, 1]),
          alert,
        );
      }
    });

    it('has one summary and one runbook sentence for each alert', () => {
      for (const { alert, annotations } of rules) {
        assert.deepEqual(Object.keys(annotations).sort(), ['runbook', 'summary'], alert);
        for (const text of Object.values(annotations)) assert.match(text, /^[A-Z{].*\.$/, alert);
      }
    });

    it('evaluates each of them, and none fires for a healthy service', async () => {
      type Evaluated = { name: string; health: string; lastError?: string; state: string };
      let evaluated: Evaluated[] = [];
      await eventually(async () => {
        const { groups } = await api<{ groups: { rules: Evaluated[] }[] }>('rules');
        evaluated = groups.flatMap((group) => group.rules);
        return evaluated.every(({ health }) => health !== 'unknown');
      }, 'the rules are evaluated');
      assert.deepEqual(
        evaluated.map(({ name }) => name),
        rules.map(({ alert }) => alert),
      );
      for (const { name, health, lastError, state } of evaluated)
        assert.deepEqual([health, lastError, state === 'firing'], ['ok', undefined, false], name);
    });
  });

  it('finds each metric that an alert or the dashboard names', async () => {
    const named = [...rules, ...targets].flatMap(
      ({ expr }) => expr.match(/\b(?:elb_inventory|http_server|nodejs|v8js|process)_\w+(?=[{[ )]|$)/gm) ?? [],
    );
    const labels = new Set(['http_route', 'http_request_method', 'http_response_status_code']);
    for (const label of ['v8js_gc_type', 'v8js_heap_space_name', 'nodejs_eventloop_state']) labels.add(label);
    const metrics = new Set(named.filter((name) => !labels.has(name)));
    assert.ok(metrics.size > 20, String(metrics.size));
    await seriesOf([...metrics]);
  });

  it('shows series with the labels of its legend for each query of the dashboard', async () => {
    const queries = targets.map(({ expr, legendFormat }) => {
      const expression = expr
        .replaceAll('$job', 'elb-inventory')
        .replaceAll('$instance', '.*')
        .replaceAll('$__rate_interval', '1m');
      assert.ok(!expression.includes('$'), expression);
      return { expression, legendFormat };
    });
    const found = await seriesOf(queries.map(({ expression }) => expression));
    for (const { expression, legendFormat } of queries)
      for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
        for (const { metric } of found.get(expression) ?? [])
          assert.ok(metric[label], `${expression} has no label ${label}`);
  });
});

/** Sends requests until each kind of series exists. */
async function useEverything(world: World): Promise<void> {
  await world.ids('default-elb');
  await world.ids('default-elb', noCache);
  await world.attach('default-elb', 'i-0b22a22eec53b9321');
  await world.detach('default-elb', 'i-0b22a22eec53b9321');
  for (let n = 0; n < 20; n += 1)
    await world.ask('/elb/default-elb', { headers: { Authorization: undefined } });
  world.aws.faults.set([{ refuse: 'AccessDenied', actions: [describeElbs], count: 1 }]);
  await world.ask('/elb/default-elb', { headers: noCache });
  world.aws.faults.clear();
  await eventually(async () => {
    const { status } = await world.ask('/elb/default-elb', { headers: noCache });
    return status === 200;
  }, 'AWS works again');
}
