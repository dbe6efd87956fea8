import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { type EmbeddedAws, startEmbeddedAws } from '../../embedded-aws/server.ts';
import { type Service, startService, token } from '../support/service.ts';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
/** These options disable Chromium's own requests to Google, because the test records requests to other origins. */
const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A running instance of the sample region that is not a member of any load balancer. */
const spare = 'i-0b22a22eec53b9321';

let aws: EmbeddedAws;
let service: Service;
let browser: Browser;
let page: Page;
const requests: string[] = [];
const errors: string[] = [];

async function open(): Promise<void> {
  assert.ok(
    existsSync(executablePath),
    `Chromium is not installed at ${executablePath}; install it (apt-get install chromium) or set CHROMIUM to its path`,
  );
  aws = await startEmbeddedAws();
  service = await startService(aws.url);
  browser = await chromium.launch({ executablePath, args });
  page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
  page.setDefaultTimeout(5000);
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    // Chromium logs each response with a status of 400 or above. The tests expect such responses from the API.
    const isFromApi = message.location().url.startsWith(`${service.url}/elb/`);
    if (['error', 'warning'].includes(message.type()) && !isFromApi) errors.push(message.text());
  });
  await page.goto(`${service.url}/docs`);
  await page.locator('.opblock').first().waitFor();
}

/** Expands an operation and returns the block that contains its form. */
async function operation(operationId: string): Promise<Locator> {
  const block = page.locator(`[id$="-${operationId}"].opblock`);
  if ((await block.locator('.execute').count()) === 0) await block.locator('.opblock-summary').click();
  return block;
}

/** Presses Execute and returns the status and body that Swagger UI displays. */
async function execute(block: Locator): Promise<{ status: string; body: string }> {
  const clear = block.getByRole('button', { name: 'Clear' });
  if (await clear.isVisible()) await clear.click();
  await block.getByRole('button', { name: 'Execute' }).click();
  const answer = block.locator('.live-responses-table tbody tr').first();
  const status = await answer.locator('.response-col_status').innerText();
  const body = await answer.locator('.response-col_description .highlight-code code').first().innerText();
  return { status: status.trim(), body };
}

const fillElbName = (block: Locator, name: string) =>
  block.locator('[data-param-name="elbName"] input').fill(name);

describe('The /docs page in a browser', function () {
  this.timeout(60_000);
  before(open);
  after(async () => {
    await (browser as Browser | undefined)?.close();
    await (service as Service | undefined)?.close();
    await (aws as EmbeddedAws | undefined)?.close();
  });

  it('displays the operations with their summaries', async () => {
    const shown = await page.locator('.opblock-summary-method').allInnerTexts();
    assert.deepEqual(shown.sort(), [
      ...['DELETE', 'DELETE', 'GET', 'GET', 'GET', 'GET', 'GET', 'POST', 'POST'],
    ]);
    const summaries = await page.locator('.opblock-summary-description').allInnerTexts();
    assert.equal(summaries.filter((summary) => summary.trim() !== '').length, shown.length);
  });

  it('displays the 401 response before authorization', async () => {
    const { status, body } = await execute(await operation('listMachinesElb'));
    assert.equal(status, '401');
    assert.match(body, /the request has no credentials|user or the password is wrong/);
  });

  it('accepts a password with a colon and a non-ASCII letter in the Authorize dialog', async () => {
    const credentials = Buffer.from(token, 'base64').toString();
    const colon = credentials.indexOf(':');
    await page.locator('.auth-wrapper .authorize').click();
    const dialog = page.locator('.dialog-ux');
    await dialog.locator('input[name="username"]').fill(credentials.slice(0, colon));
    await dialog.locator('input[name="password"]').fill(credentials.slice(colon + 1));
    await dialog.getByRole('button', { name: 'Apply credentials' }).click();
    await dialog.getByRole('button', { name: 'Close' }).first().click();
    await dialog.waitFor({ state: 'detached' });
  });

  it('displays the members of default-elb, the example in the form', async () => {
    const { status, body } = await execute(await operation('listMachinesElb'));
    assert.equal(status, '200');
    const { message } = JSON.parse(body) as { message: { instanceId: string }[] };
    const members = aws.region.members('default-elb').map((member) => JSON.stringify(member));
    assert.equal(message.length, members.length);
    for (const { instanceId } of message) assert.match(members.join(), new RegExp(instanceId));
  });

  it('displays the 404 response for an unknown load balancer', async () => {
    const block = await operation('listMachinesElb');
    await fillElbName(block, 'no-such-elb');
    const { status, body } = await execute(block);
    assert.equal(status, '404');
    assert.match(body, /the elb does not exist.*no-such-elb/);
  });

  for (const [operationId, method] of [
    ['attachInstance', 'POST'],
    ['detachInstance', 'DELETE'],
  ] as const) {
    it(`displays the 201 response to a ${method} and the 409 response to its repetition`, async () => {
      const block = await operation(operationId);
      await fillElbName(block, 'empty-elb');
      await block.locator('.body-param__text').fill(JSON.stringify({ instanceId: spare }));
      const first = await execute(block);
      assert.equal(first.status, '201', first.body);
      assert.equal((JSON.parse(first.body) as { message: { instanceId: string } }).message.instanceId, spare);
      assert.equal((await execute(block)).status, '409');
    });
  }

  it('sends no requests to other origins and logs no errors', () => {
    assert.ok(requests.includes(`${service.url}/swagger.yaml`));
    const elsewhere = requests.filter(
      (url) => !url.startsWith('data:') && new URL(url).origin !== service.url,
    );
    assert.deepEqual(elsewhere, []);
    assert.deepEqual(errors, []);
  });

  it('refuses inline scripts and event handlers', async () => {
    // As text, because the type check of the tests has no types of a browser. The events are dispatched in later tasks.
    const violations = await page.evaluate<string[]>(`(async () => {
      const seen = [];
      document.addEventListener('securitypolicyviolation', (event) => seen.push(event.effectiveDirective));
      const script = document.createElement('script');
      script.textContent = 'document.title = "changed"';
      document.head.append(script);
      const button = document.createElement('button');
      button.setAttribute('onclick', 'document.title = "changed"');
      document.body.append(button);
      button.click();
      await new Promise((resolve) => setTimeout(resolve, 200));
      return seen;
    })()`);
    assert.deepEqual(violations.sort(), ['script-src-attr', 'script-src-elem']);
    assert.equal(await page.title(), 'elb-inventory: API');
  });
});
