// The shop, wired: the ten lines that make a shop of the ledger, and what this one needs around them.
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { paymentAdminPlugin, paymentLedgerPlugin } from '@paidonce/http';
import { createPaymentLedger, type Logger } from '@paidonce/ledger';
import { openEventStore } from '@paidonce/ledger/store-url';
import { type StripePayments, stripePayments } from '@paidonce/stripe-adapter';
import Fastify from 'fastify';
import { openMemberships } from './memberships.ts';
import { byPassword } from './operators.ts';
import { openShopOrders } from './orders.ts';
import { shopRoutes } from './routes.ts';
import type { Settings } from './settings.ts';
import { openStripe } from './stripe.ts';

export interface Shop extends AsyncDisposable {
  readonly url: string;
  /** What asks Stripe by itself; a test may make it ask at once. */
  readonly payments: StripePayments;
  /** Undefined: payments go to Stripe itself. */
  readonly sandboxUrl?: string;
}

/**
 * @param stripeFor where payments go. Default: as the settings say.
 * @throws Error where a port is taken or a file cannot be used; nothing stays open then.
 */
export async function openShop(settings: Settings, log: Logger, stripeFor: typeof openStripe = openStripe): Promise<Shop> {
  const { port, dataDir, pollSeconds, behind, operatorPassword, ledgerUrl = `sqlite:${join(dataDir, 'ledger.db')}` } = settings;
  const host = behind?.host ?? '127.0.0.1';
  await requireFree(host, port); // Before the files are touched: a shop that is running holds them.
  // Closes what was opened, last first: also when a later step fails.
  await using opened = new AsyncDisposableStack();
  mkdirSync(dataDir, { recursive: true });
  // Replicas share it, as they would a server of PostgreSQL: they wait for each other's commits.
  const database = opened.adopt(new DatabaseSync(join(dataDir, 'shop.db'), { timeout: 5_000 }), (open) => open.close());
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL'); // A saved membership is on disk.
  const memberships = openMemberships(database);
  const { stripe, webhookSecret, paymentOrigin, sandboxUrl } = opened.use(await stripeFor(settings));

  // These ten lines are all that a shop needs of PaidOnce.
  const ledger = createPaymentLedger({
    eventStore: await openEventStore(ledgerUrl),
    deliver: async (change) => memberships.save(change),
    log,
  });
  const payments = stripePayments({ ledger, stripe, webhookSecrets: [webhookSecret], poll: { intervalMs: pollSeconds * 1000 } });
  const app = opened.adopt(Fastify({ trustProxy: behind !== undefined }), (open) => open.close()); // Closing it disposes the payments, the ledger and its store.
  await app.register(paymentLedgerPlugin, { payments });
  if (operatorPassword !== undefined) await app.register(paymentAdminPlugin, { payments, authenticate: byPassword(operatorPassword) });

  const url = behind?.url ?? `http://127.0.0.1:${port}`;
  const orders = openShopOrders(database);
  await app.register(shopRoutes, {
    ledger,
    payments,
    orders,
    memberships,
    url,
    paymentOrigin,
    isSandbox: sandboxUrl !== undefined,
    pollSeconds,
  });
  await app.listen({ host, port });

  const running = opened.move();
  return { url, payments, ...(sandboxUrl === undefined ? {} : { sandboxUrl }), [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** @throws Error `EADDRINUSE` where something listens there. */
async function requireFree(host: string, port: number): Promise<void> {
  const probe = createServer().listen(port, host);
  await once(probe, 'listening');
  probe.close();
  await once(probe, 'close');
}
