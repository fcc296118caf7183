// The pages in real Chromium, under their own policy: axe finds nothing, nothing is wider than the screen or cut off, and keys, copying
// and the dialog work. `npm run verify` takes a diagonal of pages, languages, schemes and widths; `npm run torture -- --axe 1` all.

import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { nodeHandler, paymentConsole } from '../fetch.ts';
import { fakeConsole } from './fake-console.test-support.ts';
import { pagesByPath } from './outline.test-support.ts';

const executablePath = '/usr/bin/chromium';
const hasChromium = existsSync(executablePath);
if (!hasChromium)
  console.warn(`\n  SKIPPED: the console's pages in a browser. There is no ${executablePath}; on Debian: apt-get install chromium\n`);

let browser: Browser;
let server: Server;
let url: string;

beforeAll(async () => {
  const handler = nodeHandler(paymentConsole({ payments: fakeConsole().payments, authenticate: () => ({ actor: 'sup-3' }) }));
  server = createServer((request, response) => void handler(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/admin/payments/`;
  if (hasChromium) browser = await chromium.launch({ executablePath });
});
afterAll(async () => {
  await browser?.close();
  server.closeAllConnections();
  server.close();
});

const langs = ['en', 'zh-TW'] as const;
const schemes = ['light', 'dark'] as const;
const widths = [1_280, 375] as const;
const ways = langs.flatMap((lang) => schemes.flatMap((scheme) => widths.map((width) => ({ lang, scheme, width }))));
type Way = (typeof ways)[number];

const isWhole = process.env['TEST_WHOLE_MATRIX'] === '1';
/** Each page in one way; over the pages, each way is taken. */
const looked = pagesByPath.flatMap(([path], at) =>
  ways.filter((_, way) => isWhole || way === at % ways.length).map((way) => ({ path, ...way })),
);

async function open({ lang, scheme, width }: Way, more: { readonly javaScriptEnabled?: boolean } = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, ...more });
  onTestFinished(() => context.close());
  await context.addCookies([
    { name: 'paidonce_lang', value: lang, url },
    { name: 'paidonce_tz', value: 'Asia%2FTaipei', url },
  ]);
  return context;
}

describe.skipIf(!hasChromium)('every page', () => {
  test.for(looked)('$path in $lang, $scheme, at $width px', async ({ path, ...way }) => {
    const page = await (await open(way)).newPage();
    const problems: string[] = [];
    page.on('console', (message) => {
      // The page of a 404 is one itself, and Chromium says so.
      if (message.type() === 'error' && !message.text().includes('404')) problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(url + path);
    await page.evaluate(axe.source);
    const found = await page.evaluate<axe.AxeResults>('axe.run()');
    expect(found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
    expect(await page.evaluate(beyondTheScreen)).toEqual([]);
    expect(problems).toEqual([]);
    // The test sees something: the page has its heading, and the sheet has come.
    expect(await page.locator('h1').innerText()).not.toBe('');
    expect(await page.evaluate('getComputedStyle(document.body).display')).toBe('grid');
  });
});

/** Runs in the page. What cannot be seen whole: text beyond either edge, and cards that hide a part of their table. */
const beyondTheScreen = `(() => {
  const isClosed = (each) => each.closest('details:not([open]), .vh') !== null;
  const wide = document.documentElement.scrollWidth > innerWidth ? ['the page: ' + document.documentElement.scrollWidth] : [];
  const texts = [...document.querySelectorAll('main :is(h1, h2, h3, p, td, th, dt, dd, li, a, button, input, text, .pill)')].filter((each) => {
    const { left, right, width } = each.getBoundingClientRect();
    return !isClosed(each) && width > 0 && (left < -1 || right > innerWidth + 1);
  });
  const cut = [...document.querySelectorAll('main :is(.card, .tight, td, .pill)')].filter(
    (each) => !isClosed(each) && each.clientWidth > 0 && each.scrollWidth > each.clientWidth + 1,
  );
  const named = (what) => (each) => what + ': ' + each.tagName + '.' + (each.getAttribute('class') ?? '') + ' ' + (each.textContent ?? '').trim().slice(0, 40);
  return [...wide, ...texts.map(named('beyond')), ...cut.map(named('cut'))];
})()`;

const way: Way = { lang: 'en', scheme: 'light', width: 1_280 };

describe.skipIf(!hasChromium)('keys', () => {
  async function at(path: string): Promise<Page> {
    const page = await (await open(way)).newPage();
    await page.goto(url + path);
    return page;
  }
  const focused = (page: Page): Promise<string> => page.evaluate("document.activeElement?.textContent ?? ''");

  test('/ goes to the search box, and then is a letter', async () => {
    const page = await at('orders');
    await page.keyboard.press('/');
    await page.keyboard.type('o-1/j?');
    expect(await page.locator('input[type=search]').inputValue()).toBe('o-1/j?');
    expect(await page.locator('dialog').isVisible()).toBe(false);
  });

  test('j and k go through the rows, and Enter opens one', async () => {
    const page = await at('orders');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    expect(await focused(page)).toBe('o-10518');
    await page.keyboard.press('k');
    expect(await focused(page)).toBe('o-10519');
    await page.keyboard.press('Enter');
    await page.waitForURL(/orders\/o-10519$/);
  });

  test.each([
    ['o', /payments\/$/],
    ['r', /queues\/reviews$/],
    ['d', /queues\/undelivered$/],
    ['h', /health$/],
  ])('g %s leads to its page', async (key, address) => {
    const page = await at('orders');
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    await page.waitForURL(address);
  });

  test('? shows the list of keys; with a modifier nothing happens', async () => {
    const page = await at('orders');
    await page.keyboard.press('Control+j');
    expect(await focused(page)).not.toBe('o-10519');
    await page.keyboard.press('?');
    expect(await page.locator('dialog').isVisible()).toBe(true);
    await page.keyboard.press('Escape');
    expect(await page.locator('dialog').isVisible()).toBe(false);
  });
});

describe.skipIf(!hasChromium)('script', () => {
  test('an id is copied whole', async () => {
    const context = await open(way);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const page = await context.newPage();
    await page.goto(`${url}queues/held`);
    await page.locator('[data-copy]').first().click();
    await expect.poll(() => page.evaluate('navigator.clipboard.readText()')).toBe('pi_3QNEiYV4rfw3cChQrpdnp0DmUK');
  });

  test('without it there is no button that does nothing, and the list of keys opens', async () => {
    const page = await (await open(way, { javaScriptEnabled: false })).newPage();
    await page.goto(`${url}queues/held`);
    expect(await page.locator('[data-copy]').first().isVisible()).toBe(false);
    await page.locator('[commandfor=keys]').first().click();
    expect(await page.locator('dialog').isVisible()).toBe(true);
  });

  test('the language is switched by a form, and one stays where one was', async () => {
    const page = await (await open(way, { javaScriptEnabled: false })).newPage();
    await page.context().clearCookies();
    await page.goto(`${url}orders?status=active`);
    await page.locator('button[name=lang]').click();
    await page.waitForURL(/orders\?status=active$/);
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-TW');
    expect(await page.locator('h1').innerText()).toBe('訂單');
  });
});
