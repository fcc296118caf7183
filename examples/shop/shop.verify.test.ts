import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { createPaymentLedger } from '@paidonce/ledger';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { freePort, type RunningShop, runShop, startShop, temporaryFolder } from './shop.test-support.ts';

const executablePath = '/usr/bin/chromium';
const hasChromium = existsSync(executablePath);
if (!hasChromium)
  console.warn(`\n  SKIPPED: the shop's pages in a browser. There is no ${executablePath}; on Debian: apt-get install chromium\n`);

const folder = temporaryFolder();
const polledFolder = temporaryFolder();
/** In this shop the poll comes too late for any test: only the other sources can report a payment. */
let shop: RunningShop;
let polled: RunningShop;
beforeAll(async () => {
  shop = await startShop(folder.path, { POLL_SECONDS: '86400', OPERATOR_PASSWORD: 'open-sesame-and-the-rest' });
  polled = await startShop(polledFolder.path, { POLL_SECONDS: '1' });
});
afterAll(async () => {
  await Promise.all([shop.stop(), polled.stop()]);
  folder.remove();
  polledFolder.remove();
});

/** Orders as the form does. Returns the address of the payment page. */
async function order(choices: Record<string, string>, at: RunningShop = shop): Promise<string> {
  const body = new URLSearchParams({ plan: 'year', memberId: 'ada', fate: 'lost', afterwards: 'returns', ...choices });
  const answer = await fetch(`${at.url}/orders`, { method: 'POST', body, redirect: 'manual' });
  expect(answer.status).toBe(303);
  return answer.headers.get('location') ?? '';
}

/** Pays on the sandbox's page. Returns the address to which it sends the browser. */
async function pay(paymentPage: string): Promise<string> {
  const body = new URLSearchParams({ card: 'success', action: 'pay' });
  const answer = await fetch(paymentPage, { method: 'POST', body, redirect: 'manual' });
  expect(answer.status).toBe(303);
  return answer.headers.get('location') ?? '';
}

async function read(url: string): Promise<string> {
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  return answer.text();
}

const orderIdIn = (html: string): string => /Timeline of order ([0-9a-f]{8})/.exec(html)?.[1] ?? 'none';
const sessionIdIn = (url: string): string => /cs_test_\w+/.exec(url)?.[0] ?? 'none';

describe('the console', () => {
  const as = (password: string) => ({ authorization: `Basic ${Buffer.from(`support-7:${password}`).toString('base64')}` });

  test('lets in whoever has the password, and nobody else', async () => {
    const ask = (headers: Record<string, string>) => fetch(`${shop.url}/admin/payments`, { headers });
    const asked = await ask({});
    expect([asked.status, asked.headers.get('www-authenticate')]).toEqual([401, expect.stringMatching(/^Basic /)]);
    for (const headers of [
      as(''),
      as('open-sesame-and-the-res'),
      { authorization: 'Basic' },
      { authorization: 'Basic !!!' },
      { authorization: 'Bearer open-sesame-and-the-rest' },
    ])
      expect((await ask(headers)).status).toBe(401);
    expect((await ask(as('open-sesame-and-the-rest'))).status).toBe(200);
  });
});

describe('a forged webhook', () => {
  /** A payment of the order, as Stripe would tell it, signed with this secret. */
  async function forge(orderId: string, secret: string, livemode: boolean): Promise<Response> {
    const object = {
      ...{
        id: 'pi_forged',
        object: 'payment_intent',
        status: 'succeeded',
        amount: 4_900,
        amount_received: 4_900,
        currency: 'usd',
        livemode,
      },
      ...{ created: 1_800_000_000, metadata: { paidonce: 'paidonce', paidonce_order: orderId } },
    };
    const event = {
      id: 'evt_forged',
      object: 'event',
      type: 'payment_intent.succeeded',
      created: 1_800_000_000,
      livemode,
      data: { object },
    };
    const payload = JSON.stringify({ ...event, api_version: '2026-10-28.endive' });
    const signature = new Stripe('sk_test_1').webhooks.generateTestHeaderString({ payload, secret });
    const headers = { 'content-type': 'application/json', 'stripe-signature': signature };
    return fetch(`${shop.url}/webhooks/stripe`, { method: 'POST', body: payload, headers });
  }
  async function pending(): Promise<{ readonly orderId: string; readonly state: () => Promise<unknown> }> {
    const sessionId = sessionIdIn(await order({ memberId: 'mallory' }));
    const orderId = orderIdIn(await read(`${shop.url}/success?session_id=${sessionId}`));
    return { orderId, state: async () => (await fetch(`${shop.url}/payment/status/${sessionId}`)).json() };
  }

  test.each(['whsec_paidonce_sandbox', 'whsec_sandbox', 'whsec_sandbox_local', 'undefined', ''])(
    'signed with %j, which anybody can know, is refused',
    async (secret) => {
      const { orderId, state } = await pending();
      for (const livemode of [true, false]) expect((await forge(orderId, secret || ' ', livemode)).status).toBe(400);
      expect(await state()).toMatchObject({ state: 'pending' });
    },
  );

  test('of live mode gives nothing, even if it is signed with the secret of this folder', async () => {
    const { orderId, state } = await pending();
    const secret = readFileSync(`${folder.path}/sandbox-secret`, 'utf8').trim();
    await forge(orderId, secret, true);
    expect(await state()).toMatchObject({ state: 'pending' });
    expect(await read(`${shop.url}/members/mallory`)).not.toContain('Come in');
  });

  test('finds another secret in each folder, which only its owner can read', () => {
    const [one, other] = [folder, polledFolder].map(({ path }) => readFileSync(`${path}/sandbox-secret`, 'utf8'));
    expect(one).toMatch(/^whsec_sandbox_[0-9a-f]{48}\n$/);
    expect(one).not.toBe(other);
    expect(statSync(`${folder.path}/sandbox-secret`).mode & 0o077).toBe(0);
  });
});

describe('the redirect to the success page grants nothing', () => {
  test('a forged one, with whatever query, leaves the order as it was', async () => {
    const sessionId = sessionIdIn(await order({ memberId: 'eve' }));
    const successPage = await read(`${shop.url}/success?session_id=${sessionId}&payment_status=paid&paid=true`);
    expect(successPage).toContain('data-state="pending"');
    const orderId = orderIdIn(successPage);

    expect(await (await fetch(`${shop.url}/payment/status/${sessionId}`)).json()).toMatchObject({ state: 'pending' });
    // The order is placed and its checkout attached; nothing else happened.
    expect(await (await fetch(`${shop.url}/orders/${orderId}/revision`)).json()).toMatchObject({ state: 1 });
    expect(await read(`${shop.url}/orders/${orderId}`)).toContain('No source has said &#34;paid&#34;');
    expect(await read(`${shop.url}/members/eve`)).toContain('No access for eve');
  });

  test('a true one grants nothing either: the status query does', async () => {
    const back = await pay(await order({ memberId: 'flo' }));
    const sessionId = sessionIdIn(back);
    for (let time = 0; time < 3; time += 1) expect(await read(back)).toContain('data-state="pending"');
    expect(await read(`${shop.url}/members/flo`)).toContain('No access for flo');

    const asked = await (await fetch(`${shop.url}/payment/status/${sessionId}`)).json();
    expect(['granting', 'active']).toContain((asked as { state: string }).state);
    await expect.poll(() => read(back)).toContain('data-state="active"');
  });

  test('a session that the shop does not know is not found', async () => {
    for (const id of ['cs_test_unknown', '', '%3Cscript%3E', 'x&session_id=y']) {
      const answer = await fetch(`${shop.url}/success?session_id=${id}`);
      expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining('The shop knows no such checkout.')]);
    }
  });
});

describe('each source can grant', () => {
  const orderIdOfPage = (url: string): string => /orders\/([0-9a-f]{8})/.exec(url)?.[1] ?? 'none';

  test('the poll, where the webhook is lost and nobody asks', async () => {
    const back = await pay(await order({ memberId: 'bob', afterwards: 'leaves' }, polled));
    const page = `${polled.url}/orders/${orderIdOfPage(back)}`;
    await expect.poll(() => read(page)).toContain('Granted once, by the poll.');
    await expect.poll(() => read(`${polled.url}/members/bob`)).toContain('Come in, bob.');
  });

  test.each(['delivered', 'doubled', 'reordered'])('the webhook, once, where it is %s', async (fate) => {
    const back = await pay(await order({ memberId: fate, fate, afterwards: 'leaves' }));
    const page = `${shop.url}/orders/${orderIdOfPage(back)}`;
    await expect.poll(() => read(page)).toContain('Saved by your shop');
    const timeline = await read(page);
    expect(timeline).toContain('Granted once, by the webhook.');
    expect(timeline.match(/Membership granted/g)).toHaveLength(1);
  });
});

describe('what the shop is told is checked', () => {
  test.each([
    [{ plan: 'gold' }, 'There is no plan'],
    [{ memberId: 'a b' }, 'A member is 1 to 64'],
    [{ memberId: '' }, 'A member is 1 to 64'],
    [{ fate: 'eaten' }, 'nothing that can happen'],
    [{ afterwards: 'sings' }, 'nothing that a customer can do'],
  ])('%j', async (wrong, expected) => {
    const body = new URLSearchParams({ plan: 'year', memberId: 'ada', fate: 'lost', afterwards: 'returns', ...wrong });
    const answer = await fetch(`${shop.url}/orders`, { method: 'POST', body });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(expected);
  });

  test('what stands in an address is text, never markup', async () => {
    const page = await read(`${shop.url}/members/${encodeURIComponent('<img src=x>')}`);
    expect(page).not.toContain('<img');
    expect(page).toContain('&#60;img');
  });

  test('no page has a script of its own, and the policy would refuse it', async () => {
    const answer = await fetch(shop.url);
    expect(answer.headers.get('content-security-policy')).toMatch(/default-src 'none'; script-src 'self'; style-src 'self'/);
    expect(await answer.text()).not.toMatch(/<script(?![^>]*src=)|<style|style=| on\w+=/);
  });
});

describe.skipIf(!hasChromium)('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    const quiet = ['--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', ...quiet] });
  });
  afterAll(async () => {
    await browser.close();
  });

  async function openPage(options: Parameters<Browser['newContext']>[0] = {}): Promise<{ page: Page; complaints: string[] }> {
    const context: BrowserContext = await browser.newContext(options);
    onTestFinished(() => context.close());
    context.setDefaultTimeout(0);
    const page = await context.newPage();
    const complaints: string[] = []; // Also what the content policy refuses.
    page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
    page.on('pageerror', (error) => void complaints.push(error.message));
    return { page, complaints };
  }

  async function buy(page: Page, member: string, at: RunningShop): Promise<void> {
    await page.goto(at.url);
    await page.getByRole('radio', { name: /^Lifetime/ }).check();
    await page.getByRole('textbox', { name: 'Member' }).fill(member);
    await page.getByRole('radio', { name: /^Lost/ }).check();
    await page.getByRole('button', { name: 'Go to payment' }).click();
    await page.getByRole('button', { name: 'Pay $240.00' }).click();
  }

  test('the console: an operator finds an order whose webhook was lost, asks Stripe, and it is a membership', async () => {
    const { page, complaints } = await openPage({ httpCredentials: { username: 'support-7', password: 'open-sesame-and-the-rest' } });
    const paymentPage = await order({ memberId: 'gus', afterwards: 'leaves' });
    await pay(paymentPage);
    await page.goto(`${shop.url}/admin/payments`);
    await page.getByLabel('Find an order, member or Stripe id').fill(sessionIdIn(paymentPage));
    await page.keyboard.press('Enter');
    await page.getByText('Awaiting payment').first().waitFor();
    await page.getByRole('button', { name: 'Recheck with Stripe' }).click();
    await page.getByText('Membership granted').first().waitFor();
    expect(complaints).toEqual([]);
  });

  test('a membership whose webhook is lost arrives on the success page, and the timeline says who granted it', async () => {
    const { page, complaints } = await openPage();
    await buy(page, 'grace', shop);
    await page.getByRole('heading', { name: 'You are a member' }).waitFor();
    await page.getByRole('link', { name: "Enter the members' area" }).click();
    await page.getByText('Come in, grace.').waitFor();
    await page.goBack();

    await page.getByRole('link', { name: 'See who granted it' }).click();
    const lines = page.locator('.timeline > li');
    await lines.filter({ hasText: 'Saved by your shop' }).waitFor();
    expect(await lines.filter({ hasText: 'Browser' }).innerText()).toContain('granted nothing');
    // Either the status query or the poll granted, whichever was first, and only once.
    expect(await lines.filter({ has: page.locator('.pill.granted') }).allInnerTexts()).toEqual([
      expect.stringMatching(/Status query|Poll/),
    ]);
    expect(await page.locator('.lead').innerText()).toMatch(/^Granted once, by the (status query|poll)\./);
    expect(complaints).toEqual([]);
  });

  test('the success page waits at the server, and hears of the payment by its open query', async () => {
    const { page, complaints } = await openPage();
    const paymentPage = await order({ memberId: 'nia', fate: 'delivered' });
    const asked: string[] = [];
    const heard: string[] = [];
    page.on('request', (request) => void (request.url().includes('/payment/status/') && asked.push(new URL(request.url()).search)));
    page.on('response', async (response) => {
      if (response.url().includes('?wait=') && response.ok()) heard.push(((await response.json()) as { state: string }).state);
    });
    await page.goto(`${shop.url}/success?session_id=${sessionIdIn(paymentPage)}`);
    await expect.poll(() => asked.slice(0, 2)).toEqual(['', '?wait=2']);
    await page.getByRole('heading', { name: 'One moment' }).waitFor();
    await pay(paymentPage);
    await page.getByRole('heading', { name: 'You are a member' }).waitFor();
    await expect.poll(() => heard.at(-1)).toBe('active');
    expect(complaints).toEqual([]);
  });

  test('the page of an order follows by itself', async () => {
    const { page, complaints } = await openPage();
    const paymentPage = await order({ memberId: 'hal', afterwards: 'leaves' }, polled);
    await page.goto(`${polled.url}/orders`);
    await page.getByRole('row', { name: 'hal' }).getByRole('link').click();
    await page.getByText('No source has said "paid"').waitFor();
    await pay(paymentPage);
    await page.getByText('Granted once, by the poll.').waitFor();
    expect(complaints).toEqual([]);
  });

  test('while the shop is away its pages say so, and go on when it is back', async () => {
    const away = temporaryFolder();
    onTestFinished(away.remove);
    const before = await startShop(away.path, { POLL_SECONDS: '86400' });
    const paymentPage = await order({ memberId: 'lou', afterwards: 'leaves' }, before);
    const { page } = await openPage();
    await page.goto(`${before.url}/orders`);
    await page.getByRole('row', { name: 'lou' }).getByRole('link').click();
    await page.getByText('No source has said "paid"').waitFor();
    expect(await page.getByText('The shop does not answer').isVisible()).toBe(false);
    await before.stop();
    await page.getByText('The shop does not answer').waitFor();

    const after = await startShop(away.path, { POLL_SECONDS: '1', PORT: String(before.port) });
    onTestFinished(async () => void (await after.stop()));
    await page.getByText('The shop does not answer').waitFor({ state: 'hidden' });
    await pay(`http://127.0.0.1:${before.port + 1}${new URL(paymentPage).pathname}`);
    await page.getByText('Granted once, by the poll.').waitFor();
  });

  test('without scripts the success page refreshes until the membership is there', async () => {
    const { page } = await openPage({ javaScriptEnabled: false });
    await buy(page, 'ivy', polled);
    await page.getByRole('heading', { name: 'You are a member' }).waitFor();
  });

  test('without scripts a button asks Stripe', async () => {
    const { page } = await openPage({ javaScriptEnabled: false });
    await page.goto(`${shop.url}/success?session_id=${sessionIdIn(await order({ memberId: 'jo' }))}`);
    await page.getByRole('button', { name: 'Check with Stripe now' }).click();
    await page.getByText('Asked just now: not paid yet.').waitFor();
  });

  test.each(['light', 'dark'] as const)('on a phone no page is wider than the screen (%s)', async (colorScheme) => {
    const { page } = await openPage({ colorScheme, viewport: { width: 320, height: 640 } });
    const orderPath = /\/orders\/[0-9a-f]{8}/.exec(await read(`${shop.url}/orders`))?.[0] ?? '';
    for (const path of ['/', '/orders', orderPath, '/members', '/members/grace']) {
      await page.goto(shop.url + path);
      expect(await page.evaluate('document.documentElement.scrollWidth'), path).toBeLessThanOrEqual(320);
    }
  });
});

describe('as a process', () => {
  test('a restart keeps orders, memberships and open checkouts', async () => {
    const folder = temporaryFolder();
    onTestFinished(folder.remove);
    const before = await startShop(folder.path, { POLL_SECONDS: '1' });
    const stillOpen = await order({ memberId: 'kim' }, before);
    const back = await pay(await order({ memberId: 'leo', fate: 'delivered' }, before));
    await expect.poll(() => read(`${before.url}/members/leo`)).toContain('Come in, leo.');
    expect(await before.stop('SIGINT')).toMatchObject({ code: 0, stderr: '' });

    const after = await startShop(folder.path, { POLL_SECONDS: '1' });
    onTestFinished(async () => void (await after.stop()));
    expect(await read(`${after.url}/members/leo`)).toContain('Come in, leo.');
    expect(await read(after.url + new URL(back).pathname + new URL(back).search)).toContain('data-state="active"');
    // The earlier checkout can still be paid, at the sandbox's new address.
    await pay(after.sandboxUrl + new URL(stillOpen).pathname);
    await expect.poll(() => read(`${after.url}/members/kim`)).toContain('Come in, kim.');
  });

  test('a taken port is said in one line', async () => {
    const empty = temporaryFolder();
    onTestFinished(empty.remove);
    const { code, stderr } = await runShop({ PORT: String(shop.port), DATA_DIR: empty.path });
    expect(stderr).toBe(`Port ${shop.port} is taken. Stop what listens there, or choose another one: PORT=4000 npm start\n`);
    expect(code).toBe(1);
  });

  test('a second shop on the same folder is told so in one line', async () => {
    await expect(startShop(folder.path)).rejects.toThrow(/ended with 1: .*sandbox\.db is held by another running sandbox[^\n]*\n$/);
  });

  test('a half-set Stripe configuration is said in one line, and nothing is opened', async () => {
    const { code, stdout, stderr } = await runShop({ STRIPE_SECRET_KEY: 'sk_test_x', DATA_DIR: 'never-made' });
    expect(stderr).toBe(
      'STRIPE_SECRET_KEY is set and STRIPE_WEBHOOK_SECRET is not. Set both for Stripe itself, or neither for the sandbox.\n',
    );
    expect([code, stdout, existsSync('never-made')]).toEqual([2, '', false]);
  });

  test("orders of the sandbox are never taken for Stripe's", async () => {
    const { code, stderr } = await runShop({
      STRIPE_SECRET_KEY: 'sk_test_123456789012',
      STRIPE_WEBHOOK_SECRET: 'whsec_123456789012',
      DATA_DIR: folder.path,
      PORT: String(shop.port + 2),
    });
    expect(stderr).toBe(`${folder.path} holds orders that were paid at the sandbox. Name another folder: DATA_DIR=./data-stripe\n`);
    expect(code).toBe(2);
  });

  test('where anything names the outside, missing keys are one sentence, and nothing is opened', async () => {
    for (const env of [{ LEDGER_URL: 'esdb://h1,h2' }, { HOST: '0.0.0.0', SHOP_URL: 'https://shop.example' }]) {
      const { code, stdout, stderr } = await runShop({ ...env, DATA_DIR: 'never-made' });
      expect(stderr).toMatch(/^STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET are not set, and (LEDGER_URL|HOST) is: [^\n]+\n$/);
      expect([code, stdout, existsSync('never-made')]).toEqual([2, '', false]);
    }
  });

  test.each([
    ['live mode', { account: 'acct_1SandboxPaidOnce', livemode: true }],
    ['another account', { account: 'acct_1Shop', livemode: false }],
  ])('a ledger with orders of %s is served with no sandbox', async (_, terms) => {
    const empty = temporaryFolder();
    onTestFinished(empty.remove);
    const { code: before } = await (await startShop(empty.path)).stop(); // So the folder is a sandbox's, by its files.
    expect(before).toBe(0);
    const eventStore = await openSqliteEventStore(`${empty.path}/ledger.db`);
    const ledger = createPaymentLedger({ eventStore, background: false });
    await ledger.placeOrder({ orderId: 'o-1', memberId: 'm-1', plan: 'year', amountMinor: 4_900, currency: 'usd', ...terms });
    await ledger[Symbol.asyncDispose]();
    const { code, stdout, stderr } = await runShop({ DATA_DIR: empty.path, PORT: String(await freePort()) });
    expect(stderr).toMatch(/^The ledger holds orders of acct_\w+ in (live|test) mode, which are not of the sandbox\. Set their [^\n]+\n$/);
    expect([code, stdout]).toEqual([2, '']);
  });

  test('a secret that is a placeholder is one sentence', async () => {
    const empty = temporaryFolder();
    onTestFinished(empty.remove);
    const keys = { STRIPE_SECRET_KEY: 'sk_test_123456789012', STRIPE_WEBHOOK_SECRET: 'whsec_…' };
    const { code, stderr } = await runShop({ ...keys, DATA_DIR: empty.path, PORT: String(await freePort()) });
    expect(stderr).toMatch(/^invalid_input: The webhook secret is unusable: it is a placeholder\. [^\n]+\n$/);
    expect(code).toBe(2);
  });

  test("the sandbox's port counts, too", async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    onTestFinished(() => void blocker.close());
    const { port } = blocker.address() as { port: number };
    const empty = temporaryFolder();
    onTestFinished(empty.remove);
    const { code, stderr } = await runShop({ PORT: String(port - 1), DATA_DIR: empty.path });
    expect(stderr).toMatch(/^Port \d+ is taken\.[^\n]*\n$/);
    expect(code).toBe(1);
  });
});
