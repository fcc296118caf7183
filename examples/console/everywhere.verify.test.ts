// The console wherever it is used: by whoever may only look, from another site, by keyboard alone, in Traditional Chinese, and on a telephone.
import { createServer } from 'node:http';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  buy,
  hasChromium,
  listening,
  openBrowser,
  openWorld,
  paidTooLittle,
  password,
  sitDown,
  until,
  type World,
} from './console.test-support.ts';

let browser: Browser;
beforeAll(async () => {
  if (hasChromium) browser = await openBrowser();
});
afterAll(() => browser?.close());

const signedIn = (name: string) => ({ authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` });

/** An order of each kind: granted, refunded, disputed, in review, not delivered, unpaid. */
async function furnish(world: World): Promise<Readonly<Record<'granted' | 'revoked' | 'suspended' | 'failed', string>>> {
  const [granted, revoked, suspended] = await Promise.all([buy(world, 'm-1'), buy(world, 'm-2'), buy(world, 'm-3')]);
  await world.stripe.refunds.create({ payment_intent: revoked.paymentId });
  world.sandbox.dispute(suspended.paymentId);
  await paidTooLittle(world, 'o-7');
  await until(world, revoked.orderId, ({ membership, delivered }) => membership === 'revoked' && delivered === 2);
  await until(world, suspended.orderId, ({ membership, delivered }) => membership === 'suspended' && delivered === 2);
  world.lock();
  const failed = await buy(world, 'm-4');
  await world.shop().payments.recheck(granted.orderId, { by: { actor: 'sup-1', reason: 'the customer asked' } });
  return { granted: granted.orderId, revoked: revoked.orderId, suspended: suspended.orderId, failed: failed.orderId };
}

const lists = [
  '',
  'orders',
  'queues/reviews',
  'queues/undelivered',
  'queues/awaiting',
  'queues/held',
  'queues/suspended',
  'queues/unreadable',
];
const others = [
  'activity',
  'runs',
  'runs/new?kind=redeliver&pick=all',
  'health',
  'preferences',
  'members/m-1',
  'members/m-3',
  'orders/o-7',
  'orders/o-7?all=1',
];
const pagesOf = (orders: Readonly<Record<string, string>>): readonly string[] => [
  ...[...lists, ...others, 'find?q=z1', 'orders/o-0'],
  ...Object.values(orders).map((orderId) => `orders/${orderId}`),
];

describe('who may only look', () => {
  test('has no buttons, and what is forged is refused: nothing is done', async () => {
    const world = await openWorld({ may: { viewer: ['read'] } });
    await paidTooLittle(world, 'o-7');
    const revision = (await world.ledger().order('o-7'))?.revision ?? 0;
    const send = (path: string, fields: Record<string, string>) =>
      fetch(`${world.console}${path}`, {
        method: 'POST',
        body: new URLSearchParams(fields),
        headers: { ...signedIn('viewer'), accept: 'text/html', 'sec-fetch-site': 'same-origin' },
        redirect: 'manual',
      });
    const by = { reason: 'I am not allowed to', seenRevision: String(revision) };
    for (const [path, fields, words] of [
      ['orders/o-7/reviews/r1', { ...by, resolution: 'grant' }, 'You may look, not decide about payments'],
      ['orders/o-7/recheck', by, 'You may look, not ask Stripe or deliver again'],
      ['orders/o-7/redeliver', by, 'You may look, not ask Stripe or deliver again'],
      ['orders/o-7/withdraw', by, 'You may look, not decide about payments'],
      ['runs', { ...by, kind: 'redeliver', pick: 'all' }, 'You may look, not ask Stripe or deliver again'],
      ['recheck', { id: 'o-7' }, 'You may look, not ask Stripe or deliver again'],
    ] as const) {
      const answer = await send(path, fields);
      expect([path, answer.status, await answer.text()]).toEqual([path, 403, expect.stringContaining(words)]);
    }
    expect((await world.ledger().order('o-7'))?.revision).toBe(revision);
    if (!hasChromium) return;
    const { page, go } = await sitDown(browser, world, { username: 'viewer' });
    for (const path of ['', 'orders/o-7', 'queues/reviews', 'queues/undelivered', 'queues/held']) {
      await go(path);
      expect([path, await page.locator('main form[method=post] button').count()]).toEqual([path, 0]);
    }
  });

  test.skipIf(!hasChromium)('a form on another site is refused, whoever is signed in', async () => {
    const world = await openWorld();
    await paidTooLittle(world, 'o-7');
    const { page, go, read } = await sitDown(browser, world);
    await go('orders/o-7');
    const trap = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(`<form method="post" action="${world.console}orders/o-7/reviews/r1"><input name="resolution" value="grant">
        <input name="reason" value="you have won"><input name="seenRevision" value="9"><button>Claim your prize</button></form>`);
    });
    await page.goto((await listening(trap)).replace('127.0.0.1', 'localhost'));
    const answered = page.waitForResponse((response) => response.url().includes('/reviews/r1'));
    await page.getByRole('button', { name: 'Claim your prize' }).click();
    expect((await answered).status()).toBe(403);
    await page.locator('main').waitFor();
    expect(await read()).toContain('This form was sent from another site, so nothing was done.');
    expect((await world.ledger().order('o-7'))?.membership).not.toBe('active');
  });
});

describe.skipIf(!hasChromium)('in a browser', () => {
  test('by keyboard alone: find, open, go to the form, and send it', async () => {
    const world = await openWorld();
    await paidTooLittle(world, 'o-7', 'm-7');
    await paidTooLittle(world, 'o-8', 'm-7');
    const { page, see, read } = await sitDown(browser, world);
    await see('queues/reviews', /o-8/);
    await page.keyboard.press('/');
    await page.keyboard.type('m-7');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Member m-7' }).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForURL(/orders\/o-[78]$/);
    const orderId = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    const isAt = (what: string): Promise<boolean> => page.evaluate(`document.activeElement?.matches(${JSON.stringify(what)}) ?? false`);
    for (let presses = 0; !(await isAt('input[type=radio]')) && presses < 100; presses++) await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    expect(await page.getByRole('radio', { name: /^Accept it as full payment/ }).isChecked()).toBe(true);
    for (let presses = 0; !(await isAt('[name=reason]')) && presses < 10; presses++) await page.keyboard.press('Tab');
    await page.keyboard.type('agreed / on the telephone?'); // Not the list of keys, and not the search box.
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('status').waitFor();
    expect(await read()).toContain('agreed / on the telephone?');
    expect((await world.ledger().order(orderId))?.membership).toBe('active');
  });

  test('繁體中文: chosen once, on every page, and after a restart; only ids and names of events are English', async () => {
    const world = await openWorld();
    const orders = await furnish(world);
    const { page, go, see, complaints } = await sitDown(browser, world);
    await see('queues/undelivered', orders.failed);
    await page.getByRole('button', { name: '繁體中文' }).click();
    await page.getByRole('heading', { name: '未交付' }).waitFor();
    await world.restart();
    for (const path of pagesOf(orders)) {
      await go(path);
      expect([
        path,
        await page.locator('html').getAttribute('lang'),
        await page.evaluate<string[]>(englishWords(Object.values(orders))),
      ]).toEqual([path, 'zh-TW', []]);
    }
    expect(complaints.filter((text) => !text.includes('404'))).toEqual([]);
  });

  test('at 375 px nothing scrolls sideways but the navigation', async () => {
    const world = await openWorld();
    const orders = await furnish(world);
    const { page, go, see } = await sitDown(browser, world, { viewport: { width: 375, height: 800 } });
    await see('queues/undelivered', orders.failed);
    for (const path of pagesOf(orders)) {
      await go(path);
      for (const details of await page.locator('main details').all()) await details.evaluate('(node) => { node.open = true; }');
      expect([path, await page.evaluate('document.documentElement.scrollWidth'), await page.evaluate<string[]>(scrolling)]).toEqual([
        path,
        375,
        [],
      ]);
    }
  });
});

/** Runs in the page: words of Latin letters that are seen, without ids (that of an order may be of letters alone), what people wrote, times and names that stay as they are. */
const englishWords = (orderIds: readonly string[]): string => `(() => {
  const kept = new Set([...${JSON.stringify(orderIds)}, 'year', 'process', 'PaidOnce', 'Stripe', 'NDJSON', 'CSV', 'UTC', 'USD', 'TWD', 'JSON', 'Webhook', 'webhook', 'English', 'Enter', 'ID', 'id', 'p50', 'p95', 'p99', 'ms']);
  const copy = document.body.cloneNode(true);
  for (const each of copy.querySelectorAll('code, .id, kbd, pre, q, .said, .mode, [lang], option, .row, b, input, script')) each.remove();
  const texts = [];
  const walk = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) texts.push(walk.currentNode.nodeValue);
  for (const each of copy.querySelectorAll('[aria-label], [placeholder]')) texts.push(each.getAttribute('aria-label') ?? '', each.getAttribute('placeholder') ?? '');
  return texts.flatMap((text) => text.replace(/\\S*[_\\d@/-]\\S*/g, ' ').match(/[A-Za-z]{2,}/g) ?? []).filter((word) => !kept.has(word));
})()`;

/** Runs in the page: what can be scrolled sideways, but the navigation. */
const scrolling = `[...document.querySelectorAll('body *')]
  .filter((each) => each.closest('nav') === null && each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0)
  .filter((each) => ['auto', 'scroll'].includes(getComputedStyle(each).overflowX))
  .map((each) => each.tagName + '.' + each.className)`;
