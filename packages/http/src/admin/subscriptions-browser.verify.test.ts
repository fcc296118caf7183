// The pages of subscriptions in real Chromium, under their own policy, with and without script: axe finds nothing, nothing is wider
// than a phone, and support answers a member who paid after the end.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { nodeHandler, paymentConsole } from '../fetch.ts';
import { fakeConsole } from './fake-console.test-support.ts';
import { type LiveSubscriptions, liveSubscriptions, subscriptionPages, tellShop } from './subscriptions.test-support.ts';

const executablePath = '/usr/bin/chromium';
const hasChromium = existsSync(executablePath);
if (!hasChromium)
  console.warn(
    `\n  SKIPPED: the pages of subscriptions in a browser. There is no ${executablePath}; on Debian: apt-get install chromium\n`,
  );

let browser: Browser;
beforeAll(async () => {
  if (hasChromium) browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
});
afterAll(() => browser?.close());

async function openShop(): Promise<{ readonly world: LiveSubscriptions; readonly url: string }> {
  const world = liveSubscriptions();
  await tellShop(world);
  const { payments } = fakeConsole();
  const handler = nodeHandler(
    paymentConsole({ payments: { ...payments, ledger: world.ledger }, authenticate: () => ({ actor: 'sup-3' }) }),
  );
  const server: Server = createServer((request, response) => void handler(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await world.ledger[Symbol.asyncDispose]();
  });
  return { world, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/admin/payments/` };
}

async function openPage(
  url: string,
  { width = 1_280, lang = 'en', javaScriptEnabled = true }: { width?: number; lang?: string; javaScriptEnabled?: boolean } = {},
): Promise<{ readonly page: Page; readonly complaints: readonly string[] }> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, javaScriptEnabled });
  onTestFinished(() => context.close());
  await context.addCookies([{ name: 'paidonce_lang', value: lang, url }]);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
  page.on('pageerror', (error) => void complaints.push(error.message));
  return { page, complaints };
}

/** For whoever wants to look at the pages: a folder that is there. */
const pictures = process.env['CONSOLE_PICTURES'];

describe.skipIf(!hasChromium)('in Chromium', () => {
  test.each([
    { lang: 'en', width: 1_280 },
    { lang: 'zh-TW', width: 390 },
  ])('no page has a fault of axe, of its policy, or of width: %o', async ({ lang, width }) => {
    const { url } = await openShop();
    const { page, complaints } = await openPage(url, { lang, width });
    for (const path of subscriptionPages) {
      await page.goto(url + path);
      await page.evaluate(axe.source);
      const found = await page.evaluate<axe.AxeResults>('axe.run()');
      expect([path, found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)]).toEqual([path, []]);
      expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, width]);
      if (pictures) await page.screenshot({ path: `${pictures}/${path.replaceAll(/[/?=]/g, '-')}-${lang}-${width}.png`, fullPage: true });
    }
    expect(complaints).toEqual([]);
  });

  test.each([true, false])('"I paid and am out": from the queue to the member who gets in; with script: %s', async (javaScriptEnabled) => {
    const { url, world } = await openShop();
    const { page, complaints } = await openPage(url, { javaScriptEnabled });
    await page.goto(`${url}queues/reviews`);
    await page.getByRole('link', { name: 'ended-1', exact: true }).click();
    await page.getByRole('heading', { name: 'Paid after the end' }).waitFor();
    await page.getByLabel(/Accept the invoice/).check();
    expect(await page.locator('main').innerText()).toMatch(/m-ended-1 gets access now, until \d/);
    await page.getByLabel('Reason').first().fill('ticket 4711');
    await page.getByRole('button', { name: 'Resolve the review' }).click();
    await page.getByRole('status').filter({ hasText: 'Done' }).waitFor();
    expect(await page.locator('main').innerText()).toContain('ticket 4711');
    expect(await world.ledger.subscription('ended-1')).toMatchObject({ status: 'active', openReviews: [] });
    expect(complaints).toEqual([]);
  });
});
