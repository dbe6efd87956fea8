import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { emptyFolder } from '../support/service.ts';
import { eventually, noCache, startWorldInRealTime, type World } from '../support/world.ts';
import { type ServerProcess, startServer } from '../support/process.ts';

const user = 'prometheus';
const password = 'only for scrapes';
const scrapeToken = Buffer.from(`${user}:${password}`).toString('base64');

interface Target {
  readonly labels: { readonly job: string };
  readonly health: string;
  readonly lastError: string;
}

describe('Prometheus', function () {
  this.timeout(60_000);
  let world: World;
  let prometheus: ServerProcess;
  before(async () => {
    world = await startWorldInRealTime({}, { METRICS_TOKEN: scrapeToken });
    const folder = emptyFolder();
    const config = join(folder, 'prometheus.yml');
    const target = { static_configs: [{ targets: [new URL(world.service.url).host] }] };
    // JSON is YAML.
    const scrape_configs = [
      { job_name: 'bearer', authorization: { credentials: scrapeToken }, ...target },
      { job_name: 'basic', basic_auth: { username: user, password }, ...target },
    ];
    writeFileSync(config, JSON.stringify({ global: { scrape_interval: '1s' }, scrape_configs }));
    const data = `--storage.tsdb.path=${join(folder, 'data')}`;
    prometheus = await startServer(
      'prometheus',
      (port) => [`--config.file=${config}`, data, `--web.listen-address=127.0.0.1:${port}`],
      '/-/ready',
    );
  });
  after(async () => {
    await (prometheus as ServerProcess | undefined)?.close();
    await (world as World | undefined)?.close();
  });

  async function api<T>(path: string): Promise<T> {
    const response = await fetch(`${prometheus.url}/api/v1/${path}`, { headers: { Connection: 'close' } });
    const { status, data, error } = (await response.json()) as { status: string; data: T; error?: string };
    assert.equal(status, 'success', error);
    return data;
  }

  /** Returns the values of the series of an instant query. */
  async function query(expression: string): Promise<number[]> {
    const { result } = await api<{ result: { value: [number, string] }[] }>(
      `query?query=${encodeURIComponent(expression)}`,
    );
    return result.map(({ value: [, value] }) => Number(value));
  }

  it("accepts the text format without a finding of promtool's linter", async () => {
    await world.ids('default-elb');
    await world.ids('default-elb', noCache);
    const { body } = await world.ask('/metrics');
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: body,
      encoding: 'utf8',
    });
    assert.deepEqual([status, stdout, stderr], [0, '', '']);
  });

  it('scrapes the service as OpenMetrics, with the scheme Bearer and with Basic', async () => {
    await world.ids('default-elb');
    let targets: Target[] = [];
    const scraped = async () => {
      ({ activeTargets: targets } = await api<{ activeTargets: Target[] }>('targets'));
      return targets.length === 2 && targets.every(({ health }) => health !== 'unknown');
    };
    await eventually(scraped, 'both jobs have scraped');
    assert.deepEqual(targets.map(({ labels, health, lastError }) => [labels.job, health, lastError]).sort(), [
      ['basic', 'up', ''],
      ['bearer', 'up', ''],
    ]);
    const reads = 'http_server_request_duration_seconds_count{http_route="/elb/:elbName"}';
    await eventually(async () => (await query(reads)).some((count) => count >= 1), 'the read is counted');
    // Only OpenMetrics has the bound 1.0.
    assert.notEqual((await query('http_server_request_duration_seconds_bucket{le="1.0"}')).length, 0);
  });
});
