import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { type EmbeddedAws, startEmbeddedAws } from '../../embedded-aws/server.ts';
import { type Service, startService, token } from '../support/service.ts';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
/** Chromium must not talk to its maker while it is watched for requests that leave the origin. */
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

/** A running instance of the sample region that is a member of nothing. */
const spare = 'i-0b22a22eec53b9321';

let aws: EmbeddedAws;
let service: Service;
let browser: Browser;
let page: Page;
const requests: string[] = [];
const complaints: string[] = [];

async function open(): Promise<void> {
  assert.ok(
    existsSync(executablePath),
    `there is no Chromium at ${executablePath}; install it (apt-get install chromium) or set CHROMIUM to its path`,
  );
  aws = await startEmbeddedAws();
  service = await startService(aws.url);
  browser = await chromium.launch({ executablePath, args });
  page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
  page.setDefaultTimeout(5000);
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // Chromium logs each answer of 400 and above; those that a test asks for are answers of the API, not faults of the page.
    const isAnswer = message.location().url.startsWith(`${service.url}/elb/`);
    if (['error', 'warning'].includes(message.type()) && !isAnswer) complaints.push(message.text());
  });
  await page.goto(`${service.url}/docs`);
  await page.locator('.opblock').first().waitFor();
}

/** Unfolds an operation, whose form is ready to be filled in. */
async function operation(operationId: string): Promise<Locator> {
  const block = page.locator(`[id$="-${operationId}"].opblock`);
  if ((await block.locator('.execute').count()) === 0) await block.locator('.opblock-summary').click();
  return block;
}

/** Presses Execute, and returns the status and body that Swagger UI then shows. */
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

describe('/docs in a browser', function () {
  this.timeout(60_000);
  before(open);
  after(async () => {
    await (browser as Browser | undefined)?.close();
    await (service as Service | undefined)?.close();
    await (aws as EmbeddedAws | undefined)?.close();
  });

  it('shows the operations, each with a summary', async () => {
    const shown = await page.locator('.opblock-summary-method').allInnerTexts();
    assert.deepEqual(shown.sort(), [
      ...['DELETE', 'DELETE', 'GET', 'GET', 'GET', 'GET', 'GET', 'POST', 'POST'],
    ]);
    const summaries = await page.locator('.opblock-summary-description').allInnerTexts();
    assert.equal(summaries.filter((summary) => summary.trim() !== '').length, shown.length);
  });

  it('shows the 401 of a request before Authorize', async () => {
    const { status, body } = await execute(await operation('listMachinesElb'));
    assert.equal(status, '401');
    assert.match(body, /the request has no credentials|user or the password is wrong/);
  });

  it('takes user and password, one with a colon and a letter beyond ASCII, at Authorize', async () => {
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

  it('lists the members of default-elb, which the form suggests', async () => {
    const { status, body } = await execute(await operation('listMachinesElb'));
    assert.equal(status, '200');
    const { message } = JSON.parse(body) as { message: { instanceId: string }[] };
    const members = aws.region.members('default-elb').map((member) => JSON.stringify(member));
    assert.equal(message.length, members.length);
    for (const { instanceId } of message) assert.match(members.join(), new RegExp(instanceId));
  });

  it('shows the 404 of a name that AWS does not know', async () => {
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
    it(`shows the 201 of a ${method} whose body was filled in, then the 409 of the same again`, async () => {
      const block = await operation(operationId);
      await fillElbName(block, 'empty-elb');
      await block.locator('.body-param__text').fill(JSON.stringify({ instanceId: spare }));
      const first = await execute(block);
      assert.equal(first.status, '201', first.body);
      assert.equal((JSON.parse(first.body) as { message: { instanceId: string } }).message.instanceId, spare);
      assert.equal((await execute(block)).status, '409');
    });
  }

  it('asks no other origin for anything, and has no fault to log', () => {
    assert.ok(requests.includes(`${service.url}/swagger.yaml`));
    const elsewhere = requests.filter(
      (url) => !url.startsWith('data:') && new URL(url).origin !== service.url,
    );
    assert.deepEqual(elsewhere, []);
    assert.deepEqual(complaints, []);
  });
});
