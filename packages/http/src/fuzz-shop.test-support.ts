// The shop that the fuzz asks: real sockets, the adapter, a ledger on SQLite without a background, the sandbox, and something in
// each list of the console.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPaymentLedger, type EventStore, type Observation, type PaymentLedger, type SubscriptionFact } from '@paidonce/ledger';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { startStripeSandbox } from '@paidonce/sandbox';
import { type StripePayments, stripePayments } from '@paidonce/stripe-adapter';
import Fastify from 'fastify';
import { Registry } from 'prom-client';
import Stripe from 'stripe';
import { onTestFinished } from 'vitest';
import { paymentAdminPlugin } from './admin/plugin.ts';
import { paidMonth } from './admin/subscriptions.test-support.ts';
import { paymentLedgerPlugin } from './plugin.ts';

export const webhookSecret = 'whsec_of_the_fuzzed_shop';
/** Who may do everything, and who may only look. */
export const operators = { all: 'Bearer operator', reader: 'Bearer reader' } as const;

export interface FuzzedShop {
  readonly port: number;
  readonly store: EventStore;
  readonly ledger: PaymentLedger;
  readonly payments: StripePayments;
  /** What was logged as an error: a fault of ours, with its stack. */
  readonly errors: string[];
  readonly metrics: Registry;
  /** The Checkout session of `order-1`. */
  readonly sessionId: string;
  /** The newest is under way, the other one was canceled. */
  readonly runIds: readonly string[];
  /** From here on the shop saves what is delivered. Before, it refuses. */
  save(): void;
}

const day = 86_400_000;
const by = { actor: 'support-7', reason: 'ticket 1' };

export async function openFuzzedShop(): Promise<FuzzedShop> {
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-fuzz-'));
  const sandbox = await startStripeSandbox();
  const store = await openSqliteEventStore(join(folder, 'ledger.db'));
  let isRefusing = true;
  const deliver = async (): Promise<void> => {
    if (isRefusing) throw new Error('the table is locked');
  };
  const subscriptions = { policy: { plans: { club: ['price_club'] } }, deliver };
  // Without a background nothing is written but what a request writes: a delivery that is tried again would be an event as well.
  const ledger = createPaymentLedger({ eventStore: store, background: false, deliver, subscriptions, runtime: { patience: 50 } });
  const stripe = new Stripe('sk_test_fuzz', { ...sandbox.clientConfig, telemetry: false });
  const payments = stripePayments({ ledger, stripe, webhookSecrets: [webhookSecret], poll: false });
  const errors: string[] = [];
  const app = Fastify({ logger: { level: 'error', stream: { write: (line: string) => void errors.push(line) } } });
  const metrics = new Registry();
  await app.register(paymentLedgerPlugin, { payments, metrics, statusRateLimit: false, bodyTimeoutMs: 4 }); // 4 ms times the patience.
  await app.register(paymentAdminPlugin, {
    payments,
    authenticate: ({ headers: { authorization } }) => {
      if (authorization === operators.all) return { actor: 'operator-1' };
      return authorization === operators.reader ? { actor: 'reader-1', may: ['read'] } : undefined;
    },
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(async () => {
    await app.close();
    await sandbox.close();
    rmSync(folder, { recursive: true });
  });
  const sessionId = await sellOrders(payments, sandbox.account);
  await sellSubscriptions(ledger, sandbox.account);
  await ledger.redeliver('order-4', by); // The shop refuses it, once.
  const runIds = await startRuns(ledger);
  const save = (): void => {
    isRefusing = false;
  };
  return { port: Number(new URL(url).port), store, ledger, payments, errors, metrics, sessionId, runIds, save };
}

/**
 * Ten orders: 1, 2, 7, 8 and 9 are open, 3 and 6 wait for a person, 4 is not saved by the shop, 5 is suspended, 10 has two payments.
 * Two payments are held, and two objects are unreadable.
 */
async function sellOrders(payments: StripePayments, account: string): Promise<string> {
  const { ledger } = payments;
  const sessions: string[] = [];
  for (let n = 1; n <= 10; n += 1) {
    const plan = { memberId: `m-${n % 4}`, plan: 'pro', amountMinor: 4_900, currency: 'usd', successUrl: 'https://shop.example/done' };
    sessions.push((await payments.startCheckout({ orderId: `order-${n}`, ...plan })).sessionId);
  }
  const said = async (id: string, fact: Observation['fact'], orderId?: string): Promise<void> => {
    await ledger.observePayment({
      source: 'webhook',
      payment: { provider: 'stripe', account, livemode: false, id },
      ...(orderId === undefined ? {} : { orderId }),
      fact,
      asOf: new Date().toISOString(),
      evidence: { objectId: id },
    });
  };
  const paid = (totalMinor: number): Observation['fact'] => ({ kind: 'attempt', status: 'paid', amount: { totalMinor, currency: 'usd' } });
  for (const n of [3, 6]) await said(`pi_little_${n}`, paid(100), `order-${n}`);
  for (const n of [4, 5, 10]) await said(`pi_good_${n}`, paid(4_900), `order-${n}`);
  await said('pi_good_10b', paid(4_900), 'order-10');
  await said('pi_good_5', { kind: 'dispute', id: 'du_5', status: 'open', amountMinor: 4_900, returnedDebit: false, movements: 1 });
  for (const id of ['pi_held_1', 'pi_held_2']) await said(id, paid(4_900));
  for (const objectId of ['du_odd_1', 'du_odd_2']) {
    const sha256 = createHash('sha256').update(objectId).digest('hex');
    await ledger.forAdapters.recordUnreadable({ objectId, type: 'dispute', account, livemode: false, sha256, path: 'status' });
  }
  return sessions[0] ?? '';
}

/** Two that were paid after their end, two in dunning, two that are due. The shop has saved none of them. */
async function sellSubscriptions(ledger: PaymentLedger, account: string): Promise<void> {
  const now = Date.now();
  const active = { kind: 'lifecycle', status: 'active', customer: 'cus_1', items: [{ price: 'price_club', quantity: 1 }] } as const;
  const tell = async (subscriptionId: string, ...facts: readonly SubscriptionFact[]): Promise<void> => {
    const statements = facts.map((fact) => ({
      fact,
      asOf: new Date().toISOString(),
      evidence: { objectId: `sub_${subscriptionId}` },
      ...(fact.kind === 'invoice' && fact.status === 'paid' ? { occurredAt: fact.lines[0]?.from ?? '' } : {}),
    }));
    const subscription = { provider: 'stripe', account, livemode: false, id: `sub_${subscriptionId}` };
    await ledger.observeSubscription({ subscription, subscriptionId, source: 'webhook', statements });
  };
  for (const n of [1, 2, 3, 4, 5, 6]) {
    const subscriptionId = `club-${n}`;
    await ledger.placeSubscription({ subscriptionId, memberId: `m-club-${n}`, plan: 'club', account, livemode: false });
    await tell(subscriptionId, paidMonth(`in_${n}a`, now - (n > 4 ? 35 : 32) * day), active);
    if (n === 3 || n === 4)
      await tell(subscriptionId, { kind: 'invoice', id: `in_${n}b`, status: 'open' }, { ...active, status: 'past_due' });
    if (n > 2) continue;
    await tell(subscriptionId, { ...active, status: 'canceled', endedAt: new Date(now - day).toISOString() });
    await tell(subscriptionId, paidMonth(`in_${n}b`, now - day / 2));
  }
}

async function startRuns({ runs }: PaymentLedger): Promise<readonly string[]> {
  const first = await runs.start('redeliver', { orders: ['order-4'] }, by);
  await runs.cancel(first.runId, by);
  const second = await runs.start('redeliver', { orders: ['order-4'] }, by);
  return [second.runId, first.runId];
}
