// A shop with a club: subscriptions at the sandbox, a ledger that keeps them, and the adapter between both. All clocks are the
// sandbox's, which a test moves. Nothing polls unless the test sweeps, and no webhook comes unless it delivers.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AlertKind, PaymentLedgerOptions, SubscriptionPolicyOptions } from '@paidonce/ledger';
import type { StripeSandboxOptions } from '@paidonce/sandbox';
import { expect, onTestFinished } from 'vitest';
import { subscriptionMetadata } from './mapping/claim.ts';
import { hourMs, openShop, type Shop, webhookSecret } from './shop.test-support.ts';
import type { StripePaymentsOptions } from './stripe-payments-options.ts';

export const dayMs: number = 24 * hourMs;
export const clubStart: Date = new Date('2026-04-01T00:00:00Z');

export interface Club extends Shop {
  /** The kinds of the alerts so far. */
  readonly alerts: AlertKind[];
  readonly runtime: NonNullable<StripePaymentsOptions['runtime']>;
  /** Sets how far the adapter's clocks run ahead of Stripe's. */
  drift(ms: number): void;
  /** Somebody subscribes for a month at a time, and the shop hears of it. Returns the id at Stripe. */
  join(subscriptionId: string): Promise<string>;
  /** Likewise, and no event tells of it. */
  joinUnheard(subscriptionId: string): Promise<string>;
  /** Its invoices are void from now on, and no event tells of it. */
  unpaid(id: string): Promise<void>;
  /** The card of a subscription declines from now on. */
  decline(id: string): Promise<void>;
}

export interface ClubOptions {
  readonly policy?: Partial<SubscriptionPolicyOptions>;
  readonly ledger?: Partial<PaymentLedgerOptions>;
  readonly payments?: Partial<StripePaymentsOptions>;
  readonly sandbox?: StripeSandboxOptions;
}

export async function openClub(options: ClubOptions = {}): Promise<Club> {
  const alerts: AlertKind[] = [];
  let now = (): Date => clubStart;
  let aheadMs = 0;
  const runtime = {
    now: () => new Date(now().getTime() + aheadMs),
    monotonicNowMs: () => now().getTime() - clubStart.getTime() + aheadMs,
    sleep: () => Promise.resolve(),
  };
  const relay = await openRelay((body) => {
    const payload = body.toString();
    const timestamp = Math.floor(now().getTime() / 1_000);
    const signature = shop.stripe.webhooks.generateTestHeaderString({ payload, secret: webhookSecret, timestamp });
    return shop.payments.handleWebhook(body, signature);
  });
  const shop: Shop = await openShop({
    sandbox: { webhookEndpoints: [{ url: relay, secret: webhookSecret }], ...options.sandbox, runtime: { now: () => clubStart } },
    ledger: {
      subscriptions: { policy: { plans: {}, ...options.policy } },
      onAlert: ({ kind }) => alerts.push(kind),
      ...options.ledger,
      runtime: { now: () => now() },
    },
    payments: { ...options.payments, runtime },
  });
  const { sandbox, stripe, ledger } = shop;
  now = () => sandbox.now();
  const { id: product } = await stripe.products.create({ name: 'Club' });
  const { id: price } = await stripe.prices.create({ product, currency: 'usd', unit_amount: 3_000, recurring: { interval: 'month' } });

  async function subscribe(subscriptionId: string, fate: 'delivered' | 'never_made'): Promise<string> {
    const metadata = subscriptionMetadata('paidonce', subscriptionId, await ledger.forAdapters.ensureLedgerId());
    const placed = { subscriptionId, memberId: `member-${subscriptionId}`, plan: 'club', account: sandbox.account, livemode: false };
    await ledger.placeSubscription(placed);
    const session = await stripe.checkout.sessions.create({
      mode: 'subscription',
      success_url: 'https://shop.example/done',
      line_items: [{ price, quantity: 1 }],
      metadata,
      subscription_data: { metadata },
    });
    sandbox.pay(session.id, { fate });
    return String((await stripe.checkout.sessions.retrieve(session.id)).subscription);
  }

  return {
    ...shop,
    alerts,
    runtime,
    drift: (ms) => {
      aheadMs = ms;
    },
    join: async (subscriptionId) => {
      const id = await subscribe(subscriptionId, 'delivered');
      await sandbox.deliverDue();
      expect(await ledger.subscription(subscriptionId)).toMatchObject({ status: 'active' });
      return id;
    },
    joinUnheard: (subscriptionId) => subscribe(subscriptionId, 'never_made'),
    unpaid: async (id) => {
      sandbox.setFate(id, 'never_made');
      await stripe.subscriptions.update(id, { pause_collection: { behavior: 'void' } });
    },
    decline: async (id) => {
      const customer = String((await stripe.subscriptions.retrieve(id)).customer);
      sandbox.changeCard(customer, 'charge_fails');
    },
  };
}

/** The sandbox signs by the machine's clock, which stands still here, so each webhook is signed again with the time that it has there. */
async function openRelay(handle: (body: Buffer) => Promise<unknown>): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      handle(Buffer.concat(chunks)).then(
        () => response.writeHead(200).end(),
        () => response.writeHead(503).end(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
