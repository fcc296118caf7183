// The shop in the middle of its migration: the sandbox of Stripe with two webhook endpoints, one process, and the switch of
// the cut-over. Where a real shop waits a minute, this one moves the clock of its ledger.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createPaymentLedger, type EventStore, type PaymentLedger, type Shadow, systemRuntime } from '@paidonce/ledger';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { type StripeSandbox, startStripeSandbox } from '@paidonce/sandbox';
import { type StripePayments, stripePayments } from '@paidonce/stripe-adapter';
import Stripe from 'stripe';
import { type NewShop, openNewShop } from './new-shop.ts';
import { type OldShop, openOldShop, plan } from './old-shop.ts';

/** Who gives access: the old handler alone, the old handler beside a ledger in shadow, or the ledger. */
export type Phase = 'before' | 'shadow' | 'cut over';

const [oldSecret, newSecret] = ['whsec_of_the_old_handler', 'whsec_of_paidonce'];

export interface MigratingShop extends AsyncDisposable {
  readonly sandbox: StripeSandbox;
  readonly stripe: Stripe;
  readonly old: OldShop;
  readonly new: NewShop;
  readonly ledgerPath: string;
  /** The ledger of the running phase. */
  readonly ledger: PaymentLedger;
  readonly eventStore: EventStore;
  /** Starts the process anew in this phase. */
  restart(phase: Phase): Promise<void>;
  /** A user buys: his session. */
  sell(orderId: string): Promise<string>;
  /** Waits until the webhooks are answered, the poll has run, and a minute has passed for the ledger. */
  aMinuteLater(): Promise<void>;
}

/** The running process of the shop. */
interface Running {
  readonly phase: Phase;
  readonly ledger?: PaymentLedger;
  readonly store?: EventStore;
  readonly payments?: StripePayments;
}

export async function openMigratingShop(folder: string): Promise<MigratingShop> {
  const database = new DatabaseSync(join(folder, 'shop.db'));
  const ledgerPath = join(folder, 'ledger.db');
  const [old, renewed] = [openOldShop(database), openNewShop(database)];
  let running: Running = { phase: 'before' };
  let skippedMs = 0;
  const server = webhookServer((path, body, signature) => (path === '/old' ? onOld(body, signature) : onNew(body, signature)));
  const url = await listen(server);
  const sandbox = await startStripeSandbox({ automatic: false, webhookEndpoints: [{ url: `${url}/old`, secret: oldSecret }] });
  const stripe = new Stripe('sk_test_migration_example', { ...sandbox.clientConfig, telemetry: false });

  /** The old handler. After the cut-over it answers 200, and does nothing. */
  async function onOld(body: Buffer, signature: string): Promise<number> {
    const event = await stripe.webhooks.constructEventAsync(body, signature, oldSecret);
    if (running.phase !== 'cut over') old.handle(event);
    return 200;
  }

  async function onNew(body: Buffer, signature: string): Promise<number> {
    if (!running.payments) return 503;
    const { outcome } = await running.payments.handleWebhook(body, signature);
    return outcome === 'bad_signature' ? 400 : 200;
  }

  async function restart(phase: Phase): Promise<void> {
    await close(running);
    if (phase === 'before') {
      running = { phase };
      return;
    }
    if (running.phase === 'before') sandbox.addWebhookEndpoint({ url: `${url}/new`, secret: newSecret });
    const store = await openSqliteEventStore(ledgerPath);
    const ledger = createPaymentLedger({
      eventStore: store,
      background: false,
      runtime: { monotonicNowMs: () => systemRuntime.monotonicNowMs() + skippedMs },
      ...(phase === 'shadow' ? { shadow: shadowOf(old) } : { deliver: async (change) => renewed.save(change) }),
    });
    running = { phase, ledger, store, payments: stripePayments({ ledger, stripe, webhookSecrets: [newSecret], poll: false }) };
  }

  return {
    sandbox,
    stripe,
    old,
    new: renewed,
    ledgerPath,
    get ledger() {
      return opened(running.ledger);
    },
    get eventStore() {
      return opened(running.store);
    },
    restart,
    sell: async (orderId) => {
      const { payments } = running;
      const metadata = payments ? await payments.metadataFor(orderId) : {};
      const sessionId = await createSession(stripe, metadata);
      await payments?.adoptCheckout({ orderId, memberId: `user-of-${orderId}`, ...plan, sessionId });
      old.order({ id: orderId, userId: `user-of-${orderId}`, sessionId });
      return sessionId;
    },
    aMinuteLater: async () => {
      await sandbox.deliverDue();
      await running.payments?.sweep();
      await running.ledger?.settle();
      skippedMs += 61_000;
      await running.ledger?.settle();
    },
    [Symbol.asyncDispose]: async () => {
      await close(running);
      await sandbox.close();
      database.close();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

function opened<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Error('There is no ledger before the shadow');
  return part;
}

async function close({ payments, ledger }: Running): Promise<void> {
  await payments?.[Symbol.asyncDispose]();
  await ledger?.[Symbol.asyncDispose]();
}

/** The old shop has what was decided if the order is fulfilled exactly where the membership is active. */
function shadowOf(old: OldShop): Shadow {
  return {
    compare: async ({ membershipId, status }) => {
      const isFulfilled = old.orders().some(({ id, fulfilled }) => id === membershipId && fulfilled);
      return isFulfilled === (status === 'active') ? 'same' : 'differs';
    },
  };
}

function webhookServer(answer: (path: string, body: Buffer, signature: string) => Promise<number>): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const signature = String(request.headers['stripe-signature']);
      response.writeHead(await answer(request.url ?? '', Buffer.concat(chunks), signature).catch(() => 500)).end();
    });
  });
}

/** A Checkout session as the shop has always made it; new is only the metadata. */
async function createSession(stripe: Stripe, metadata: Record<string, string>): Promise<string> {
  const { id } = await stripe.checkout.sessions.create({
    mode: 'payment',
    line_items: [
      { quantity: 1, price_data: { currency: plan.currency, unit_amount: plan.amountMinor, product_data: { name: plan.plan } } },
    ],
    success_url: 'https://shop.example/thanks',
    metadata,
    payment_intent_data: { metadata },
  });
  return id;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
