// Runs the demo with the real sandbox, the real ledger on SQLite, and a real Fastify server with the plugin, all on loopback.
// Plays the scenarios to the end, and returns the log, which it reads again from its file.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { paymentLedgerPlugin } from '@paidonce/http';
import { createPaymentLedger, type StoredEvent } from '@paidonce/ledger';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { startStripeSandbox } from '@paidonce/sandbox';
import { stripePayments } from '@paidonce/stripe-adapter';
import Fastify from 'fastify';
import Stripe from 'stripe';
import { openMemberships } from '../shop/memberships.ts';
import { forgeWebhook, play, type World } from './customers.ts';
import { type Books, checkLaws, type Verdict } from './laws.ts';
import type { Scenario } from './scenarios.ts';

export interface DemoResult {
  readonly log: readonly StoredEvent[];
  readonly verdicts: readonly Verdict[];
  readonly webhooks: number;
  readonly statusQueries: number;
}

const webhookSecret = 'whsec_demo';

export async function runDemo(scenarios: readonly Scenario[], dataDir: string, print: (line: string) => void): Promise<DemoResult> {
  const file = join(dataDir, 'ledger.db');
  await using opened = new AsyncDisposableStack();
  const sandbox = opened.use(await startStripeSandbox());
  const stripe = new Stripe('sk_test_paidonce_demo', { ...sandbox.clientConfig });
  const database = opened.adopt(new DatabaseSync(':memory:'), (open) => open.close());
  const memberships = openMemberships(database);

  const ledger = createPaymentLedger({
    eventStore: await openSqliteEventStore(file),
    deliver: async (change) => memberships.save(change),
  });
  // The demo calls the poll itself, as a cron job would: `payments.sweep()`.
  const payments = stripePayments({ ledger, stripe, webhookSecrets: [webhookSecret], poll: false });
  const app = opened.adopt(Fastify({ requestTimeout: 20_000 }), (open) => open.close());
  await app.register(paymentLedgerPlugin, { payments, statusRateLimit: false }); // All customers come from one address.
  app.get<{ Querystring: { session_id?: string } }>('/success', async ({ query }) => {
    const order = await ledger.orderOf(query.session_id ?? '');
    return order?.membership === 'active' ? 'You are a member.' : 'Not paid yet.'; // The page only reads.
  });
  const count = { webhooks: 0, statusQueries: 0 };
  app.addHook('onRequest', async ({ routeOptions }) => {
    if (routeOptions.url === '/webhooks/stripe') count.webhooks += 1;
    if (routeOptions.url === '/payment/status/:sessionId') count.statusQueries += 1;
  });
  const shopUrl = await app.listen({ host: '127.0.0.1', port: 0 });
  sandbox.addWebhookEndpoint({ url: `${shopUrl}/webhooks/stripe`, secret: webhookSecret });
  const world: World = { shopUrl, ledger, payments, stripe };

  print(`${scenarios.length} customers order, and most of them pay ...`);
  const played = Promise.all(scenarios.map((scenario) => play(scenario, world)));
  const forged = await forgedAnswers(scenarios, world);
  await played;
  await sandbox.deliverDue();
  print('The poll asks Stripe once, as it does every five minutes ...');
  await payments.sweep();
  print('Ten minutes later, the late webhooks arrive ...');
  await sandbox.advance(600_000);
  await ledger.settle();

  const books = await readBooks(stripe, memberships);
  await opened.disposeAsync();
  const log = await readLog(file);
  return { log, verdicts: [...checkLaws(log, books), forged], ...count };
}

/** Makes the one verdict that is not about the log: every forged webhook must be refused. */
async function forgedAnswers(scenarios: readonly Scenario[], world: World): Promise<Verdict> {
  const forgers = scenarios.filter(({ customer }) => customer === 'forges_webhook');
  const statuses = await Promise.all(forgers.map((scenario) => forgeWebhook(scenario, world)));
  const broken = statuses.filter((status) => status !== 400).map((status) => `a forged webhook was answered ${status}`);
  return { law: 'A webhook with a forged signature is answered 400', checked: statuses.length, broken };
}

/** Reads what Stripe has, from its own lists, and what the shop has stored. */
export async function readBooks(stripe: Stripe, memberships: ReturnType<typeof openMemberships>): Promise<Books> {
  const eventIds = new Set<string>();
  for await (const { id } of stripe.events.list({ limit: 100 })) eventIds.add(id);
  const refunded = new Map<string, number>();
  for await (const { payment_intent, amount, status } of stripe.refunds.list({ limit: 100 })) {
    if (status === 'succeeded') refunded.set(String(payment_intent), (refunded.get(String(payment_intent)) ?? 0) + amount);
  }
  const paid = new Map<string, { receivedMinor: number; refundedMinor: number }>();
  for await (const { id, status, amount_received: receivedMinor } of stripe.paymentIntents.list({ limit: 100 })) {
    if (status === 'succeeded') paid.set(id, { receivedMinor, refundedMinor: refunded.get(id) ?? 0 });
  }
  return { eventIds, paid, memberships: new Map(memberships.list().map((saved) => [saved.membershipId, saved])) };
}

async function readLog(file: string): Promise<readonly StoredEvent[]> {
  const store = await openSqliteEventStore(file);
  try {
    const log: StoredEvent[] = [];
    for await (const { events } of store.readLog()) log.push(...events);
    return log;
  } finally {
    await store.close();
  }
}
