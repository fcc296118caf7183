// Puts the club together: what a shop with subscriptions needs for the ledger, and its pages.
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { paymentLedgerPlugin } from '@paidonce/http';
import { createPaymentLedger } from '@paidonce/ledger';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { type StripePayments, stripePayments } from '@paidonce/stripe-adapter';
import Fastify from 'fastify';
import { type Members, openMembers } from './members.ts';
import { clubRoutes } from './routes.ts';
import type { Begin, ClubSettings } from './settings.ts';

export interface Club extends AsyncDisposable {
  readonly url: string;
  readonly payments: StripePayments;
  readonly members: Members;
  /** Returns the page at Stripe that the customer is sent to. */
  readonly begin: Begin;
}

export async function openClub(settings: ClubSettings): Promise<Club> {
  const { stripe, webhookSecret, prices, dataDir, port = 0, runtime = {}, policy = {} } = settings;
  await using opened = new AsyncDisposableStack();
  mkdirSync(dataDir, { recursive: true });
  const database = opened.adopt(new DatabaseSync(join(dataDir, 'club.db')), (open) => open.close());
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL'); // A membership is on disk once it is saved.
  const members = openMembers(database);

  const plans = { monthly: [prices.monthly], plus: [prices.plus], yearly: [prices.yearly] };
  const eventStore = opened.adopt(await openSqliteEventStore(join(dataDir, 'ledger.db')), (open) => open.close());
  const ledger = opened.use(
    createPaymentLedger({
      eventStore,
      deliver: () => undefined, // The club sells nothing that is paid once.
      subscriptions: { policy: { plans, ...policy }, deliver: (change) => members.save(change) },
      runtime,
    }),
  );
  const payments = opened.use(stripePayments({ ledger, stripe, webhookSecrets: [webhookSecret], poll: settings.poll ?? {} }));

  const app = opened.adopt(Fastify({ requestTimeout: 20_000 }), (open) => open.close());
  await app.register(paymentLedgerPlugin, { payments });
  let url = '';
  const begin: Begin = async (wish) => {
    const subscriptionId = randomUUID();
    const { sessionId, url: page } = await payments.startSubscription({ subscriptionId, ...wish, successUrl: `${url}/thanks` });
    return { subscriptionId, sessionId, url: page };
  };
  const now = runtime.now ?? (() => new Date());
  await app.register(clubRoutes, { settings, payments, members, begin, now, ownUrl: () => url });
  url = await app.listen({ port, host: '127.0.0.1' });

  const running = opened.move();
  return { url, payments, members, begin, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
