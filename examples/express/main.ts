// PaidOnce in an Express shop: the webhook, the page's status query, the health checks and the console beside the shop's own routes.

// #region imports
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { nodeHandler, paymentConsole, paymentHandlers } from '@paidonce/http/fetch';
import { createPaymentLedger, type MembershipChange } from '@paidonce/ledger';
import { type Delivered, onceSync, onceTable, sqlOf } from '@paidonce/ledger/once';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { stripePayments } from '@paidonce/stripe-adapter';
import express from 'express';
import Stripe from 'stripe';

const setting = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`Set ${name} in the environment`);
  return value;
};
const consolePassword = setting('CONSOLE_PASSWORD');
const port = Number(process.env.PORT ?? 3000);
const url = process.env.SHOP_URL ?? `http://127.0.0.1:${port}`;
// #endregion imports

// #region ledger
const shop = new DatabaseSync(process.env.SHOP_DB ?? 'shop.db');
shop.exec(`${onceTable.sqlite}; CREATE TABLE IF NOT EXISTS memberships (
  membership_id TEXT PRIMARY KEY, member_id TEXT NOT NULL, plan TEXT NOT NULL, status TEXT NOT NULL) STRICT`);

/** Saves a decision, once. With an asynchronous database it is `once`, in a transaction of your ORM. */
async function saveMembership(change: MembershipChange): Promise<Delivered> {
  const { membershipId, memberId, plan, status } = change;
  shop.exec('BEGIN IMMEDIATE');
  try {
    const delivered = onceSync(sqlOf.nodeSqlite(shop), change, () => {
      shop.prepare('INSERT OR REPLACE INTO memberships VALUES (?, ?, ?, ?)').run(membershipId, memberId, plan, status);
    });
    shop.exec('COMMIT');
    return delivered;
  } catch (error) {
    if (shop.isTransaction) shop.exec('ROLLBACK');
    throw error;
  }
}

const ledger = createPaymentLedger({
  eventStore: await openSqliteEventStore(process.env.LEDGER_DB ?? 'ledger.db'),
  deliver: saveMembership,
  log: console,
});
const payments = stripePayments({
  ledger,
  stripe: openStripe(setting('STRIPE_SECRET_KEY'), process.env.STRIPE_API_BASE),
  webhookSecrets: [setting('STRIPE_WEBHOOK_SECRET')],
});
// #endregion ledger

// #region mount
const handlers = paymentHandlers({ payments, log: console });
const operators = paymentConsole({ payments, authenticate: operatorOf, log: console });

const app = express();
app.post('/webhooks/stripe', nodeHandler(handlers.webhook)); // Before express.json(): the signature covers the bytes.
app.get(
  '/payment/status/:sessionId',
  nodeHandler((request) => handlers.status(request)),
);
app.get('/health/live', nodeHandler(handlers.live));
app.get('/health/ready', nodeHandler(handlers.ready));
app.use('/admin/payments', nodeHandler(operators));
app.use(express.json());
// #endregion mount

// #region shop
app.post('/buy/:memberId', async ({ params: { memberId } }, response) => {
  const order = { orderId: randomUUID(), memberId, plan: 'lifetime', amountMinor: 24_000, currency: 'usd' };
  const checkout = await payments.startCheckout({ ...order, successUrl: `${url}/thanks` });
  response.redirect(303, checkout.url);
});
app.get('/members/:memberId', ({ params: { memberId } }, response) => {
  const row = shop.prepare(`SELECT 1 FROM memberships WHERE member_id = ? AND status = 'active'`).get(memberId);
  response.json({ hasAccess: row !== undefined });
});
app.get('/thanks', (_, response) => void response.send('Thank you. Your membership is on its way.'));
// #endregion shop

// #region close
const server = app.listen(port, (error) => {
  if (error) throw error; // The port is taken. Express 5 hands it over, and the process would live on without a server.
  console.info(`The shop is at ${url}, the console at ${url}/admin/payments`);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    handlers.close(); // Pages that wait for news are answered now. Without it the server would wait for them, up to 30 s.
    server.close(async () => {
      await payments[Symbol.asyncDispose](); // First the payments, then the ledger, which closes its store.
      await ledger[Symbol.asyncDispose]();
      shop.close();
    });
    server.closeIdleConnections();
  });
}
// #endregion close

// #region helpers
/** @param base of a sandbox. Undefined: Stripe itself. */
function openStripe(secretKey: string, base: string | undefined): Stripe {
  if (base === undefined) return new Stripe(secretKey);
  const { hostname: host, port } = new URL(base);
  return new Stripe(secretKey, { host, port, protocol: 'http' });
}

/** Replace it by your own sessions. Here it is one password, which the browser asks for. */
function operatorOf(request: Request) {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const wanted = `Basic ${Buffer.from(`support:${consolePassword}`).toString('base64')}`;
  if (timingSafeEqual(digest(request.headers.get('authorization') ?? ''), digest(wanted))) return { actor: 'support' };
  return new Response('Sign in', { status: 401, headers: { 'www-authenticate': 'Basic realm="payments"' } });
}
// #endregion helpers
