import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { page } from '../measure/report/html.ts';
import { fullReport } from './report-of.ts';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

describe('the capacity report in a browser', function () {
  this.timeout(60_000);
  let browser: Browser | undefined;
  const folder = mkdtempSync(join(tmpdir(), 'capacity-'));
  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  it('shows its plots as wide as the page and requests only itself', async () => {
    assert.ok(
      existsSync(executablePath),
      `there is no Chromium at ${executablePath}; install it or set CHROMIUM`,
    );
    const file = join(folder, 'report.html');
    writeFileSync(file, page(fullReport()));
    browser = await chromium.launch({
      executablePath,
      args: ['--headless', '--no-sandbox', '--disable-gpu'],
    });
    const tab = await browser.newPage({ viewport: { width: 1100, height: 1000 } });
    const requests: string[] = [];
    const complaints: string[] = [];
    tab.on('request', (request) => requests.push(request.url()));
    tab.on('console', (message) => complaints.push(message.text()));
    await tab.goto(pathToFileURL(file).href);
    const plots = await tab.locator('svg').all();
    assert.equal(plots.length, 4);
    for (const plot of plots) assert.ok(((await plot.boundingBox())?.width ?? 0) > 800);
    assert.ok(await tab.getByText(/knee: \d+ connections/).isVisible());
    assert.deepEqual(
      requests.filter((url) => !url.startsWith('data:')),
      [pathToFileURL(file).href],
    );
    assert.deepEqual(complaints, []);
  });
});
