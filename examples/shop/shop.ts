// Puts the shop together: the ten lines that a shop needs for the ledger, and what this shop needs besides.
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type PaymentAdminPluginOptions, paymentAdminPlugin, paymentLedgerPlugin } from '@paidonce/http';
import { createPaymentLedger, type Logger, type MembershipChange, type Runtime } from '@paidonce/ledger';
import type { Delivered } from '@paidonce/ledger/once';
import { openEventStore } from '@paidonce/ledger/store-url';
import { type StripePayments, stripePayments } from '@paidonce/stripe-adapter';
import Fastify from 'fastify';
import { alertLines } from './alert-line.ts';
import { openMembers } from './members.ts';
import { openMemberships } from './memberships.ts';
import { byPassword } from './operators.ts';
import { openShopOrders } from './orders.ts';
import { shopRoutes } from './routes.ts';
import type { Settings } from './settings.ts';
import { openStripe, refuseOtherOrders } from './stripe.ts';

export interface Shop extends AsyncDisposable {
  readonly url: string;
  /** The adapter that polls Stripe. A test may call it directly. */
  readonly payments: StripePayments;
  /** The address of the sandbox. Absent: payments go to Stripe itself. */
  readonly sandboxUrl?: string;
}

/** What a test may replace. */
export interface ShopParts {
  /** Opens the access to Stripe. Default: as the settings say. */
  readonly stripeFor?: typeof openStripe;
  /** Clocks and waiting. Default: the machine's. */
  readonly runtime?: Partial<Runtime>;
  /** Stands between the ledger and the shop's table. Default: saves. */
  readonly deliver?: (change: MembershipChange, save: () => Delivered) => Promise<Delivered> | Delivered;
  /** Milliseconds that one delivery may take. Default 10,000. */
  readonly deliverTimeoutMs?: number;
  /** Who may use the console. Default: everybody who has the password. */
  readonly authenticate?: PaymentAdminPluginOptions['authenticate'];
}

/**
 * Opens the shop.
 * @throws Error a port is in use, or a file cannot be used. Then nothing stays open.
 */
export async function openShop(settings: Settings, log: Logger, parts: ShopParts = {}): Promise<Shop> {
  const { stripeFor = openStripe, runtime = {}, deliver = (_change, save) => save(), deliverTimeoutMs = 10_000 } = parts;
  const { port, dataDir, pollSeconds, behind, operatorPassword, ledgerUrl = `sqlite:${join(dataDir, 'ledger.db')}` } = settings;
  const host = behind?.host ?? '127.0.0.1';
  await requireFree(host, port); // Check it before opening the files, because another shop may be using them.
  // Closes everything that was opened, the last first, also if a later step fails.
  await using opened = new AsyncDisposableStack();
  mkdirSync(dataDir, { recursive: true });
  // Replicas share this file as they would share a PostgreSQL server: each waits for the commits of the others.
  const database = opened.adopt(new DatabaseSync(join(dataDir, 'shop.db'), { timeout: 5_000 }), (open) => open.close());
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL'); // A membership is on disk once it is saved.
  const memberships = openMemberships(database);
  const access = opened.use(await stripeFor(settings));
  const { stripe, webhookSecret, trustedApiHost, paymentOrigin, sandboxUrl } = access;

  const url = behind?.url ?? `http://127.0.0.1:${port}`;
  const onAlert = alertLines(log, operatorPassword === undefined ? undefined : `${url}/admin/payments`);

  // These ten lines are everything that a shop needs from PaidOnce.
  const eventStore = opened.adopt(await openEventStore(ledgerUrl), (open) => open.close());
  await refuseOtherOrders(eventStore, access);
  const saved = async (change: MembershipChange): Promise<Delivered> => deliver(change, () => memberships.save(change));
  const ledger = opened.use(createPaymentLedger({ eventStore, deliver: saved, deliverTimeoutMs, onAlert, log, runtime }));
  const poll = { intervalMs: pollSeconds * 1000 };
  const trusted = trustedApiHost === undefined ? {} : { trustedApiHost };
  const payments = opened.use(stripePayments({ ledger, stripe, webhookSecrets: [webhookSecret], poll, ...trusted }));
  const app = opened.adopt(Fastify(serverOptions(behind)), (open) => open.close()); // Closing it disposes the payments and the ledger.
  await app.register(paymentLedgerPlugin, { payments });

  const members = openMembers(database, url);
  const authenticate = parts.authenticate ?? (operatorPassword === undefined ? undefined : byPassword(operatorPassword, log));
  const { findMember, describeMember } = members;
  if (authenticate) await app.register(paymentAdminPlugin, { payments, authenticate, findMember, describeMember });
  const orders = openShopOrders(database);
  await app.register(shopRoutes, {
    ledger,
    payments,
    orders,
    members,
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

/** A slow client holds a connection for 20 s. Behind a load balancer, a request is of the client that its header names. */
function serverOptions(behind: Settings['behind']): { requestTimeout: number; http: object; trustProxy: false | string[] } {
  return {
    requestTimeout: 20_000,
    http: { connectionsCheckingInterval: 5_000 }, // Node looks for slow clients only every 30 s without this.
    trustProxy: behind ? [...behind.proxies] : false,
  };
}

/** @throws Error `EADDRINUSE`: the port is in use. */
async function requireFree(host: string, port: number): Promise<void> {
  const probe = createServer().listen(port, host);
  await once(probe, 'listening');
  probe.close();
  await once(probe, 'close');
}
