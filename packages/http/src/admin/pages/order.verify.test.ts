// The page of an order in a real browser, without script: what support does with it, and that nothing scrolls sideways.
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type ConsoleWorld, openConsole, orderWithReview, startOrder } from '../console.test-support.ts';

const executablePath = '/usr/bin/chromium';
const hasChromium = existsSync(executablePath);
if (!hasChromium) {
  console.warn(`\n  SKIPPED: the order page in a browser. There is no ${executablePath}; on Debian: apt-get install chromium\n`);
}

let browser: Browser;
beforeAll(async () => {
  if (hasChromium) browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
});
afterAll(() => browser?.close());

const authenticate = () => ({ actor: 'sup-3' });

/** A page without script. `complaints`: what the browser says, as of the content policy. */
async function openPage(
  { url }: ConsoleWorld,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; complaints: string[]; go(path: string): Promise<void> }> {
  const context = await browser.newContext({ javaScriptEnabled: false, locale: 'en', ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  return { page, complaints, go: async (path) => void (await page.goto(`${url}/admin/payments/${path}`)) };
}

describe.skipIf(!hasChromium)('without script', () => {
  test('a payment that is too small is accepted: the choices say what happens, and the timeline says who did it', async () => {
    const world = await openConsole({ authenticate });
    await orderWithReview(world, 'o-1');
    const { page, go } = await openPage(world);
    await go('orders/o-1');
    await page.getByText('has no access: 1.00 USD came in, 49.00 USD was expected. Someone has to decide.').waitFor();
    await page.getByRole('radio', { name: /Accept it as full payment.*gets plan pro now\. The missing 48\.00 USD is waived\./s }).check();
    await page
      .getByRole('group', { name: 'What should happen?' })
      .locator('xpath=..')
      .getByRole('textbox', { name: 'Reason' })
      .fill('ticket 4711');
    await page.getByRole('button', { name: 'Resolve the review' }).click();
    const done = page.getByRole('status');
    await done.waitFor();
    expect(await done.innerText()).toContain('sup-3 resolved review r1');
    expect(await page.getByRole('listitem').filter({ hasText: 'Membership granted' }).first().innerText()).toContain('ticket 4711');
    expect((await world.ledger.order('o-1'))?.membership).toBe('active');
  });

  test('an order that the shop refused is delivered again', async () => {
    let refuses = true;
    const world = await openConsole({
      authenticate,
      deliver: async () => {
        if (refuses) throw Object.assign(new Error('no'), { code: 'ECONNREFUSED' });
      },
    });
    const { sessionId, pay } = await startOrder(world, 'o-1');
    await pay();
    await world.payments.status(sessionId);
    await expect.poll(async () => (await world.ledger.history('o-1')).map(({ type }) => type)).toContain('DeliveryFailed');
    const { page, go } = await openPage(world);
    await go('orders/o-1');
    await page.getByText('should have access, but your shop has not saved it.').waitFor();
    refuses = false;
    await page.getByRole('button', { name: 'Try now' }).click();
    await page.getByText('Saved by your shop', { exact: true }).waitFor();
    expect((await world.ledger.order('o-1'))?.delivered).toBe(1);
  });

  test('the order is shown as it was, and a time that is none is refused by name', async () => {
    const world = await openConsole({ authenticate });
    await orderWithReview(world, 'o-1');
    const answer = await world.ask('/admin/payments/orders/o-1?as-of=soon', { headers: { accept: 'text/html' } });
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('as-of must be a time')]);
    const { page, go } = await openPage(world);
    await go('orders/o-1?as-of=2099-01-01');
    await page.getByRole('heading', { name: 'The order as it was at 1 Jan 2099' }).waitFor();
    expect(await page.getByRole('button', { name: 'Resolve the review' }).count()).toBe(0);
  });
});

describe.skipIf(!hasChromium)('at each width, in each language and scheme', () => {
  test('nothing scrolls sideways, and the content policy has nothing to complain of', async () => {
    const world = await openConsole({ authenticate });
    await orderWithReview(world, 'o-1');
    const { sessionId, pay } = await startOrder(world, 'o-2');
    await pay();
    await world.payments.status(sessionId);
    for (const [locale, colorScheme, width] of [
      ['en', 'light', 1280],
      ['en', 'dark', 375],
      ['zh-TW', 'light', 375],
      ['zh-TW', 'dark', 1280],
    ] as const) {
      const { page, complaints, go } = await openPage(world, {
        javaScriptEnabled: true,
        locale,
        colorScheme,
        viewport: { width, height: 800 },
      });
      for (const path of ['orders/o-1', 'orders/o-1?all=1', 'orders/o-2', 'orders/o-2?as-of=2099-01-01']) {
        await go(path);
        for (const details of await page.locator('main details').all()) await details.evaluate('(node) => { node.open = true; }');
        expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, width]);
      }
      expect(complaints.filter((text) => !text.includes('favicon') && !text.includes('404'))).toEqual([]);
    }
  });
});
