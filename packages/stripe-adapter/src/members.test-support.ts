// A shop whose subscriptions were made by its own code, at a sandbox whose time the test moves, and a ledger that is new to them.
import {
  createPaymentLedger,
  type EventStore,
  type PaymentLedger,
  type SubscriptionChange,
  type SubscriptionPolicyOptions,
} from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { type Ground, startGround } from '@paidonce/sandbox/testing';
import { onTestFinished } from 'vitest';
import type { OperationsShop } from './operations/index.ts';

export interface Members extends Ground {
  readonly ledger: PaymentLedger;
  readonly store: EventStore;
  readonly on: OperationsShop;
  readonly prices: Readonly<Record<'silver' | 'gold' | 'addon', string>>;
  /** What the ledger delivered: who, what and its sequence. */
  readonly delivered: readonly string[];
  /** Somebody subscribes by a session of the shop's own, and pays. Returns the id at Stripe. */
  subscribed(price: 'silver' | 'gold' | 'addon', metadata?: Record<string, string>): Promise<string>;
  /** The payment intent of the newest invoice. */
  intentOf(subscription: string): Promise<string>;
  /** The number of events in the log. */
  events(): Promise<number>;
}

export interface MembersOptions {
  /** Default: as `openMembers` says. Given `false`: the ledger keeps no subscriptions. */
  readonly policy?: Partial<SubscriptionPolicyOptions> | false;
}

/** A connected account of the shop's platform. */
export const seller = 'acct_1Seller';

/** Plans: silver and gold; an add-on is of none. */
export async function openMembers({ policy = {} }: MembersOptions = {}): Promise<Members> {
  const start = new Date('2026-04-01T00:00:00Z');
  const ground = await startGround({ automatic: false, connectedAccounts: [seller], runtime: { now: () => start } });
  const { stripe, sandbox } = ground;
  const priceOf = async (name: string, unit_amount: number): Promise<string> => {
    const { id: product } = await stripe.products.create({ name });
    return (await stripe.prices.create({ product, currency: 'usd', unit_amount, recurring: { interval: 'month' } })).id;
  };
  const prices = { silver: await priceOf('Silver', 1_000), gold: await priceOf('Gold', 3_000), addon: await priceOf('Add-on', 500) };
  const delivered: string[] = [];
  const store = openMemoryEventStore();
  const deliver = ({ memberId, change, sequence }: SubscriptionChange) => void delivered.push(`${memberId} ${change} ${sequence}`);
  const plans = { silver: [prices.silver], gold: [prices.gold] };
  const ledger = createPaymentLedger({
    eventStore: store,
    background: false,
    runtime: {
      now: () => sandbox.now(),
      sleep: () => new Promise((resolve) => setTimeout(resolve, 1)), // Reads are paced by seconds that nobody needs here.
      patience: 50,
    },
    ...(policy === false ? {} : { subscriptions: { policy: { plans, ...policy }, deliver } }),
  });
  onTestFinished(() => ledger[Symbol.asyncDispose]());
  return {
    ...ground,
    ledger,
    store,
    on: { ledger, stripe },
    prices,
    delivered,
    subscribed: async (price, metadata = {}) => {
      const session = await stripe.checkout.sessions.create({
        mode: 'subscription',
        line_items: [{ price: prices[price], quantity: 1 }],
        success_url: 'https://shop.example/done',
        subscription_data: { metadata },
      });
      sandbox.pay(session.id, { fate: 'never_made' });
      return String((await stripe.checkout.sessions.retrieve(session.id)).subscription);
    },
    intentOf: async (subscription) => {
      const { data } = await stripe.invoices.list({ subscription, limit: 1, expand: ['data.payments'] });
      return String(data[0]?.payments?.data[0]?.payment.payment_intent);
    },
    events: async () => {
      let count = 0;
      for await (const page of store.readLog({})) count += page.events.length;
      return count;
    },
  };
}
