// The example shop with its console, as support and on-call use it: a real server, a real Chromium, and a sandbox of Stripe whose
// clock the test sets. The shop's table can be locked, as by a migration that hangs.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Permission } from '@paidonce/http/fetch';
import type { OrderView, PaymentLedger } from '@paidonce/ledger';
import type { Fate, StripeSandbox } from '@paidonce/sandbox';
import { startStripeSandbox } from '@paidonce/sandbox';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import Stripe from 'stripe';
import { expect, onTestFailed, onTestFinished } from 'vitest';
import { byPassword } from '../shop/operators.ts';
import { freePort, temporaryFolder } from '../shop/shop.test-support.ts';
import { openShop, type Shop, type ShopParts } from '../shop/shop.ts';

const executablePath = '/usr/bin/chromium';
export const hasChromium: boolean = existsSync(executablePath);
if (!hasChromium) console.warn(`\n  SKIPPED: the console's users. There is no ${executablePath}; on Debian: apt-get install chromium\n`);

export function openBrowser(): Promise<Browser> {
  const quiet = ['--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', ...quiet] });
}

export const password = 'open-sesame-and-the-rest';
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

export interface WorldOptions {
  /** What these operators may do. Others may do everything. */
  readonly may?: Readonly<Record<string, readonly Permission[]>>;
  readonly deliver?: NonNullable<ShopParts['deliver']>;
  /** When the test begins, as all clocks have it. Default: now. */
  readonly from?: string;
}

export interface World {
  /** The shop's. Of the console: with a slash at the end. */
  readonly url: string;
  readonly console: string;
  readonly sandbox: StripeSandbox;
  readonly stripe: Stripe;
  ledger(): PaymentLedger;
  shop(): Shop;
  /** Closes the shop, and opens it again on the same files. */
  restart(): Promise<void>;
  /** Moves all clocks on. */
  later(ms: number): Promise<void>;
  /** No membership can be saved until `unlock`. */
  lock(): void;
  unlock(): void;
  /** How often each membership of the shop's table was written, whoever wrote it. */
  timesSaved(): readonly number[];
}

/** A thousand times slower: the ledger does not deliver again by itself while a test looks. */
const monotonicNowMs = (): number => performance.now() / 1_000;

export async function openWorld({ may = {}, deliver, from }: WorldOptions = {}): Promise<World> {
  const folder = temporaryFolder();
  const port = await freePort();
  let aheadMs = from === undefined ? 0 : Date.parse(from) - Date.now();
  const now = (): Date => new Date(Date.now() + aheadMs);
  const sandbox = await startStripeSandbox({ runtime: { now } });
  const secret = `whsec_sandbox_${'4711'.repeat(12)}`;
  sandbox.addWebhookEndpoint({ url: `http://127.0.0.1:${port}/webhooks/stripe`, secret });
  const stripe = new Stripe('sk_test_paidonce_sandbox', { ...sandbox.clientConfig });
  const signIn = byPassword(password, silent);
  const open = (): Promise<Shop> =>
    openShop({ port, dataDir: folder.path, pollSeconds: 86_400 }, silent, {
      stripeFor: async () => ({
        stripe,
        webhookSecret: { secret, livemode: false },
        paymentOrigin: sandbox.url,
        sandboxUrl: sandbox.url,
        account: sandbox.account,
        [Symbol.asyncDispose]: async () => undefined,
      }),
      runtime: { now, monotonicNowMs, patience: 50 },
      ...(deliver ? { deliver, deliverTimeoutMs: 600_000 } : {}), // What waits for the test does not time out on a busy machine.
      authenticate: async (request, reply) => {
        const operator = await signIn(request, reply);
        const allowed = operator && may[operator.actor];
        return operator && (allowed ? { ...operator, may: allowed } : operator);
      },
    });
  let shop = await open();
  const table = new DatabaseSync(join(folder.path, 'shop.db'));
  table.exec(`
    CREATE TABLE saved (membership_id TEXT NOT NULL);
    CREATE TRIGGER counted AFTER INSERT ON memberships BEGIN INSERT INTO saved VALUES (NEW.membership_id); END;
    CREATE TRIGGER counted_again AFTER UPDATE OF status ON memberships BEGIN INSERT INTO saved VALUES (NEW.membership_id); END`);
  onTestFinished(async () => {
    table.close();
    await shop[Symbol.asyncDispose]();
    await sandbox.close();
    folder.remove();
  });
  return {
    url: shop.url,
    console: `${shop.url}/admin/payments/`,
    sandbox,
    stripe,
    ledger: () => shop.payments.ledger,
    shop: () => shop,
    restart: async () => {
      await shop[Symbol.asyncDispose]();
      shop = await open();
    },
    later: async (ms) => {
      await sandbox.deliverDue(); // Else a webhook of now would come after it.
      aheadMs += ms;
      await sandbox.deliverDue();
    },
    lock: () => {
      for (const what of ['INSERT', 'UPDATE'])
        table.exec(`CREATE TRIGGER locked_${what} BEFORE ${what} ON memberships BEGIN SELECT RAISE(ABORT, 'the table is locked'); END`);
    },
    unlock: () => table.exec('DROP TRIGGER locked_INSERT; DROP TRIGGER locked_UPDATE'),
    timesSaved: () =>
      table
        .prepare('SELECT count(*) AS times FROM saved GROUP BY membership_id')
        .all()
        .map(({ times }) => Number(times)),
  };
}

export interface Bought {
  readonly orderId: string;
  readonly sessionId: string;
  readonly paymentId: string;
}

/** A customer orders in the shop, pays, and closes the browser. Whatever Stripe tells has come to the ledger afterwards. */
export async function buy(world: World, memberId: string, { fate = 'delivered' }: { readonly fate?: Fate } = {}): Promise<Bought> {
  const body = new URLSearchParams({ plan: 'year', memberId, fate: 'delivered', afterwards: 'leaves' });
  const answer = await fetch(`${world.url}/orders`, { method: 'POST', body, redirect: 'manual' });
  const sessionId = /cs_test_\w+/.exec(answer.headers.get('location') ?? '')?.[0] ?? 'none';
  const { payment_intent: intent } = await payAndRead(world, sessionId, fate);
  const order = await world.ledger().orderOf(sessionId);
  if (!order) throw new Error(`${sessionId} has no order`);
  if (fate === 'delivered') await until(world, order.orderId, ({ membership }) => membership === 'active');
  return { orderId: order.orderId, sessionId, paymentId: String(intent) };
}

async function payAndRead({ sandbox, stripe }: World, sessionId: string, fate: Fate): Promise<Stripe.Checkout.Session> {
  sandbox.pay(sessionId, { fate });
  return stripe.checkout.sessions.retrieve(sessionId);
}

/** Waits until the ledger has it so. */
export async function until({ ledger }: World, orderId: string, holds: (order: OrderView) => boolean): Promise<void> {
  await expect
    .poll(async () => {
      const order = await ledger().order(orderId);
      return order !== undefined && holds(order);
    })
    .toBe(true);
}

/** An order of 2,900.00 TWD for which 2,600.00 came: the customer paid an invoice of another amount. */
export async function paidTooLittle(world: World, orderId: string, memberId = 'm-7'): Promise<void> {
  const { payments } = world.shop();
  const terms = { plan: 'year', amountMinor: 290_000, currency: 'twd', successUrl: `${world.url}/success` };
  await payments.startCheckout({ orderId, memberId, ...terms });
  const metadata = { paidonce: 'paidonce', paidonce_order: orderId };
  const intent = await world.stripe.paymentIntents.create({ amount: 260_000, currency: 'twd', metadata });
  world.sandbox.payIntent(intent.id);
  await until(world, orderId, ({ openReviews }) => openReviews.length === 1);
}

export interface Desk {
  readonly page: Page;
  /** What the browser says, as of the content policy. */
  readonly complaints: readonly string[];
  /** Opens a page of the console. */
  go(path: string): Promise<void>;
  /** Loads the page again until it has this text: lists follow the log. */
  see(path: string, text: string | RegExp): Promise<void>;
  /** The text of the main part. */
  read(): Promise<string>;
}

/** An operator sits down at a browser, and is signed in. */
export async function sitDown(
  browser: Browser,
  world: World,
  {
    username = 'sup-3',
    base = world.console,
    ...options
  }: BrowserContextOptions & { readonly username?: string; readonly base?: string } = {},
): Promise<Desk> {
  const context = await browser.newContext({ locale: 'en', httpCredentials: { username, password }, ...options });
  context.setDefaultTimeout(0);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
  page.on('pageerror', (error) => void complaints.push(error.message));
  let last = '';
  onTestFailed(() => console.warn(`The last page of ${username}:\n${last}`));
  onTestFinished(async () => {
    last = `${page.url()}\n${await page.evaluate<string>("document.body?.innerText ?? ''").catch(String)}`;
    await context.close();
  });
  const go = async (path: string): Promise<void> => void (await page.goto(base + path));
  const read = (): Promise<string> => page.locator('main').innerText();
  const see = async (path: string, text: string | RegExp): Promise<void> => {
    await expect
      .poll(async () => {
        await go(path);
        return read();
      })
      .toMatch(text);
  };
  return { page, complaints, go, see, read };
}

/** Opens the server on a port of this machine; the test closes it. Answers its URL. */
export async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
