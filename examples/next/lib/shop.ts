// The ledger, the payments and the shop's own table, opened once in a process: Next.js bundles each route by itself, so that a
// variable of a module may exist several times. Opened by the first request, never by `next build`.

// #region imports
import { createHash, timingSafeEqual } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { type PaymentHandlers, paymentConsole, paymentHandlers } from '@paidonce/http/fetch';
import { createPaymentLedger, type MembershipChange } from '@paidonce/ledger';
import { type Delivered, onceSync, onceTable, sqlOf } from '@paidonce/ledger/once';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { type StripePayments, stripePayments } from '@paidonce/stripe-adapter';
import Stripe from 'stripe';

interface Shop {
  readonly database: DatabaseSync;
  readonly payments: StripePayments;
  readonly handlers: PaymentHandlers;
  readonly operators: (request: Request) => Promise<Response>;
}
// #endregion imports

// #region once
const held = globalThis as { paidonceShop?: Promise<Shop> };

export function shop(): Promise<Shop> {
  held.paidonceShop ??= openShop().catch((error: unknown) => {
    delete held.paidonceShop; // The next request tries again, for instance when the database is back.
    throw error;
  });
  return held.paidonceShop;
}
// #endregion once

// #region settings
export function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`Set ${name} in the environment`);
  return value;
}
// #endregion settings

// #region open
async function openShop(): Promise<Shop> {
  const stripe = openStripe(setting('STRIPE_SECRET_KEY'), process.env.STRIPE_API_BASE);
  const webhookSecrets = [setting('STRIPE_WEBHOOK_SECRET')];
  const database = new DatabaseSync(process.env.SHOP_DB ?? 'shop.db');
  database.exec(`${onceTable.sqlite}; CREATE TABLE IF NOT EXISTS memberships (
    membership_id TEXT PRIMARY KEY, member_id TEXT NOT NULL, plan TEXT NOT NULL, status TEXT NOT NULL) STRICT`);
  const ledger = createPaymentLedger({
    eventStore: await openSqliteEventStore(process.env.LEDGER_DB ?? 'ledger.db'),
    deliver: (change) => saveMembership(database, change),
    log: console,
  });
  const payments = stripePayments({ ledger, stripe, webhookSecrets });
  const handlers = paymentHandlers({ payments, log: console });
  const operators = paymentConsole({ payments, authenticate: operatorOf, log: console });
  // `npm start` sets NEXT_MANUAL_SIG_HANDLE, so that Next.js leaves the signals to us.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, async () => {
      // First the payments, by which pages that wait are answered, then the ledger, which closes its store.
      await payments[Symbol.asyncDispose]();
      await ledger[Symbol.asyncDispose]();
      database.close();
      await setTimeout(500); // The last answers may be on their way still, and there is no server here to wait for.
      process.exit(0);
    });
  }
  return { database, payments, handlers, operators };
}
// #endregion open

// #region helpers
/** Saves a decision, once. With an asynchronous database it is `once`, in a transaction of your ORM. */
async function saveMembership(database: DatabaseSync, change: MembershipChange): Promise<Delivered> {
  const { membershipId, memberId, plan, status } = change;
  database.exec('BEGIN IMMEDIATE');
  try {
    const delivered = onceSync(sqlOf.nodeSqlite(database), change, () => {
      database.prepare('INSERT OR REPLACE INTO memberships VALUES (?, ?, ?, ?)').run(membershipId, memberId, plan, status);
    });
    database.exec('COMMIT');
    return delivered;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** @param base of a sandbox. Undefined: Stripe itself. */
function openStripe(secretKey: string, base: string | undefined): Stripe {
  if (base === undefined) return new Stripe(secretKey);
  const { hostname: host, port } = new URL(base);
  return new Stripe(secretKey, { host, port, protocol: 'http' });
}

/** Replace it by your own sessions. Here it is one password, which the browser asks for. */
function operatorOf(request: Request) {
  const wanted = `Basic ${Buffer.from(`support:${setting('CONSOLE_PASSWORD')}`).toString('base64')}`;
  if (isSame(request.headers.get('authorization'), wanted)) return { actor: 'support' };
  return new Response('Sign in', { status: 401, headers: { 'www-authenticate': 'Basic realm="payments"' } });
}

/** Takes the same time wherever the texts differ. */
export function isSame(given: string | null, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given ?? ''), digest(wanted));
}
// #endregion helpers
