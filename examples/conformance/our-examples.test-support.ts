// Boots our own examples for the conformance kit: the shop of `npm start`, and the plugin in another server, as in
// `embedded.ts`. Both use SQLite files, and are restarted on the same data.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { paymentLedgerPlugin } from '@paidonce/http';
import { createPaymentLedger } from '@paidonce/ledger';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import type { BootShop, PlacedOrder } from '@paidonce/sandbox/conformance';
import { type StripePayments, stripePayments } from '@paidonce/stripe-adapter';
import Fastify, { type FastifyInstance } from 'fastify';
import Stripe from 'stripe';
import { type Memberships, openMemberships } from '../shop/memberships.ts';
import { freePort } from '../shop/shop.test-support.ts';
import { openShop, type Shop } from '../shop/shop.ts';

interface MembersOrder extends PlacedOrder {
  readonly memberId: string;
}

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
/** The poll never runs by itself: the kit decides when to poll. */
const neverByItself = 86_400;

/** Counts in the database how often a membership becomes active, so that the count does not rely on the shop's code. Its end may move. */
function countHandOvers(database: DatabaseSync): (membershipId: string) => number {
  database.exec(`
    CREATE TABLE handed_over (membership_id TEXT NOT NULL);
    CREATE TRIGGER first AFTER INSERT ON memberships WHEN NEW.status = 'active'
      BEGIN INSERT INTO handed_over VALUES (NEW.membership_id); END;
    CREATE TRIGGER again AFTER UPDATE OF status ON memberships WHEN NEW.status = 'active' AND OLD.status = 'active'
      BEGIN INSERT INTO handed_over VALUES (NEW.membership_id); END`);
  const count = database.prepare('SELECT count(*) AS times FROM handed_over WHERE membership_id = ?');
  return (membershipId) => Number(count.get(membershipId)?.['times']);
}

const sessionIdIn = (url: string | null): string => /cs_test_\w+/.exec(url ?? '')?.[0] ?? `none in ${url}`;

/** Boots the whole shop, with its pages, over HTTP. @param ledgerUrl where its log is. Default: a file in the folder. */
export function shopExample(dataDir: string, ledgerUrl?: string): BootShop<MembersOrder> {
  return async ({ url: paymentOrigin, secretKey, webhookSecret, clientConfig }) => {
    const settings = {
      port: await freePort(),
      dataDir,
      pollSeconds: neverByItself,
      stripe: { secretKey, webhookSecret },
      ...(ledgerUrl !== undefined && { ledgerUrl }),
    };
    const open = (): Promise<Shop> =>
      openShop(settings, silent, {
        stripeFor: async () => ({
          stripe: new Stripe(secretKey, { ...clientConfig }),
          webhookSecret: { secret: webhookSecret, livemode: false },
          paymentOrigin,
          [Symbol.asyncDispose]: async () => undefined,
        }),
      });
    let shop = await open();
    const database = new DatabaseSync(join(dataDir, 'shop.db'));
    const handedOver = countHandOvers(database);
    const orderOf = database.prepare('SELECT order_id AS orderId FROM orders WHERE member_id = ?');
    const webhookUrl = `${shop.url}/webhooks/stripe`;
    let members = 0;

    const submit = async (path: string, form: Record<string, string> = {}): Promise<string | null> => {
      const answer = await fetch(shop.url + path, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' });
      return answer.headers.get('location');
    };
    return {
      webhookUrl,
      startOrder: async () => {
        members += 1;
        const memberId = `member-${members}`;
        const sessionId = sessionIdIn(await submit('/orders', { plan: 'year', memberId }));
        return { orderId: String(orderOf.get(memberId)?.['orderId']), sessionId, memberId };
      },
      hasAccess: async ({ memberId }) => !(await (await fetch(`${shop.url}/members/${memberId}`)).text()).includes('No access for'),
      timesGranted: async ({ orderId }) => handedOver(orderId),
      askStatus: ({ sessionId }) => askStatus(shop.url, sessionId),
      poll: () => shop.payments.sweep(),
      checkoutAgain: async ({ orderId }) => sessionIdIn(await submit(`/orders/${orderId}/pay`)),
      restart: async () => {
        await shop[Symbol.asyncDispose]();
        shop = await open();
        return { webhookUrl };
      },
      settled: () => shop.payments.ledger.settle(),
      close: async () => {
        database.close();
        await shop[Symbol.asyncDispose]();
      },
    };
  };
}

/** Boots the plugin with a checkout and a table, as in `embedded.ts`. */
export function mountedPlugin(dataDir: string): BootShop {
  return async ({ secretKey, webhookSecret, clientConfig }) => {
    mkdirSync(dataDir, { recursive: true });
    const database = new DatabaseSync(':memory:');
    const memberships = openMemberships(database);
    const handedOver = countHandOvers(database);
    const open = async (): Promise<Mounted> =>
      mount(join(dataDir, 'ledger.db'), memberships, new Stripe(secretKey, { ...clientConfig }), webhookSecret);
    let mounted = await open();
    let orders = 0;
    const checkout = (orderId: string): Promise<{ readonly sessionId: string }> =>
      mounted.payments.startCheckout({
        ...{ orderId, memberId: `m-${orderId}`, plan: 'year', amountMinor: 9_000, currency: 'usd' },
        successUrl: `${mounted.url}/thanks`,
      });
    return {
      webhookUrl: `${mounted.url}/webhooks/stripe`,
      startOrder: async () => {
        orders += 1;
        const orderId = `order-${orders}`;
        return { orderId, sessionId: (await checkout(orderId)).sessionId };
      },
      hasAccess: async ({ orderId }) => memberships.hasAccess(`m-${orderId}`),
      timesGranted: async ({ orderId }) => handedOver(orderId),
      askStatus: ({ sessionId }) => askStatus(mounted.url, sessionId),
      poll: () => mounted.payments.sweep(),
      checkoutAgain: async ({ orderId }) => (await checkout(orderId)).sessionId,
      restart: async () => {
        await mounted.app.close();
        mounted = await open();
        return { webhookUrl: `${mounted.url}/webhooks/stripe` };
      },
      settled: () => mounted.payments.ledger.settle(),
      close: async () => {
        await mounted.app.close();
        database.close();
      },
    };
  };
}

interface Mounted {
  readonly app: FastifyInstance;
  readonly payments: StripePayments;
  readonly url: string;
}

async function mount(file: string, memberships: Memberships, stripe: Stripe, webhookSecret: string): Promise<Mounted> {
  const runtime = { patience: 50 }; // A busy machine makes a test slow, never red.
  const eventStore = await openSqliteEventStore(file, { runtime });
  const ledger = createPaymentLedger({ eventStore, runtime, deliver: async (change) => memberships.save(change) });
  const payments = stripePayments({ ledger, stripe, webhookSecrets: [webhookSecret], poll: false });
  const app = Fastify();
  await app.register(paymentLedgerPlugin, { payments });
  app.get('/thanks', () => 'Thank you. Your membership is on its way.');
  return { app, payments, url: await app.listen({ host: '127.0.0.1', port: 0 }) };
}

async function askStatus(url: string, sessionId: string): Promise<void> {
  const { ok, status } = await fetch(`${url}/payment/status/${sessionId}`);
  if (!ok) throw new Error(`the status query was answered ${status}`);
}
