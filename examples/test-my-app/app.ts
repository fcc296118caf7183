// A small shop, such as yours: a year's access, kept in its own table, and a welcome mail, which a real one would send from an
// outbox. `startApp` is what its main file calls too. Its tests stand beside it.
import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { paymentLedgerPlugin } from '@paidonce/http';
import { createPaymentLedger, type MembershipChange, type PaymentLedgerOptions } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { type Delivered, onceSync, onceTable, sqlOf } from '@paidonce/ledger/once';
import { stripePayments } from '@paidonce/stripe-adapter';
import Fastify from 'fastify';
import type Stripe from 'stripe';

export interface AppSettings {
  readonly stripe: Stripe;
  readonly webhookSecret: string;
  /** For tests. Default: the system's. */
  readonly runtime?: NonNullable<PaymentLedgerOptions['runtime']>;
}

export interface App {
  readonly url: string;
  /** Starts an order. Returns what the customer is sent to Stripe with. */
  buy(memberId: string): Promise<{ readonly orderId: string; readonly sessionId: string }>;
  hasAccess(memberId: string): boolean;
  welcomes(memberId: string): number;
  /** One pass of the poll. */
  poll(): Promise<unknown>;
  /** Resolves when everything decided has been delivered. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

const yearMs = 365 * 86_400_000;

export async function startApp({ stripe, webhookSecret, runtime = {} }: AppSettings): Promise<App> {
  const now = runtime.now ?? (() => new Date());
  const database = new DatabaseSync(':memory:');
  database.exec(`${onceTable.sqlite}; CREATE TABLE welcomes (member_id TEXT NOT NULL) STRICT; CREATE TABLE memberships (
    membership_id TEXT PRIMARY KEY, member_id TEXT NOT NULL, status TEXT NOT NULL, ends_at TEXT NOT NULL) STRICT`);
  const ledger = createPaymentLedger({
    eventStore: openMemoryEventStore(),
    deliver: (change) => saveMembership(database, change),
    runtime,
  });
  const payments = stripePayments({ ledger, stripe, webhookSecrets: [webhookSecret], poll: false });
  const app = Fastify({ requestTimeout: 20_000 });
  await app.register(paymentLedgerPlugin, { payments });
  app.get('/thanks', () => 'Thank you. Your membership is on its way.');
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return {
    url,
    buy: async (memberId) => {
      const order = { orderId: randomUUID(), memberId, plan: 'year', amountMinor: 9_000, currency: 'usd' };
      const { sessionId } = await payments.startCheckout({ ...order, successUrl: `${url}/thanks` });
      return { orderId: order.orderId, sessionId };
    },
    hasAccess: (memberId) => {
      const row = database.prepare("SELECT 1 FROM memberships WHERE member_id = ? AND status = 'active' AND ends_at > ?");
      return row.get(memberId, now().toISOString()) !== undefined;
    },
    welcomes: (memberId) => Number(database.prepare('SELECT count(*) AS n FROM welcomes WHERE member_id = ?').get(memberId)?.['n']),
    poll: () => payments.sweep(),
    settled: () => ledger.settle(),
    close: async () => {
      await app.close(); // Disposes the payments and the ledger too.
      database.close();
    },
  };
}

async function saveMembership(database: DatabaseSync, change: MembershipChange): Promise<Delivered> {
  const { membershipId, memberId, status, paidAt } = change;
  const endsAt = new Date(Date.parse(paidAt) + yearMs).toISOString();
  database.exec('BEGIN IMMEDIATE');
  try {
    const delivered = onceSync(sqlOf.nodeSqlite(database), change, () => {
      database.prepare('INSERT OR REPLACE INTO memberships VALUES (?, ?, ?, ?)').run(membershipId, memberId, status, endsAt);
      if (change.change === 'granted') database.prepare('INSERT INTO welcomes VALUES (?)').run(memberId);
    });
    database.exec('COMMIT');
    return delivered;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
