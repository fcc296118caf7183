// A log that grows: the same work on an empty log and on long ones, with their read models. The empty log holds some 1,000 orders,
// since what is asked for must be there. Each order is asked for once, so that no answer comes from memory.
import { join } from 'node:path';
import { paymentConsole } from '@paidonce/http/fetch';
import { createPaymentLedger, type Fact, type PaymentLedger } from '@paidonce/ledger';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { type StripePayments, stripePayments } from '@paidonce/stripe-adapter';
import Stripe from 'stripe';
import { account, growLog, orderIdOf, paid, payment } from './grown-log.ts';
import { type GrowthOptions, type Slot, slotOf } from './growth-slots.ts';
import { eachOf, timed } from './measures.ts';

/** An order has nine events on average. */
const eventsOfOrder = 10;
const callers = 32;
const ordersInSlot = 40;
const askedInSlot = 12;
const hourMs = 3_600_000;

interface Shop {
  readonly ledger: PaymentLedger;
  readonly payments: StripePayments;
  readonly console: (request: Request) => Promise<Response>;
  /** Returns an old order, another one at each call, from anywhere in the log. */
  readonly anyOrder: () => string;
}

/** Does so many pieces of work in the slot. */
type Work = (shop: Shop, slot: number) => { readonly count: number; readonly done: () => Promise<unknown> };

const works: Readonly<Record<string, Work>> = {
  'a new order, placed and paid': ({ ledger }, slot) => ({
    count: ordersInSlot,
    done: () => eachOf(ordersInSlot, callers, (index) => newOrder(ledger, `new-${slot}-${index}`)),
  }),
  'its read models and delivery': ({ ledger }) => ({ count: ordersInSlot, done: () => ledger.settle({ timeoutMs: hourMs }) }),
  'a refund begun for any order': ({ ledger, anyOrder }) => ({
    count: askedInSlot,
    done: () => eachOf(askedInSlot, callers, () => refund(ledger, anyOrder())),
  }),
  'the status of any order': ({ payments, anyOrder }) => ({
    count: askedInSlot,
    done: () => eachOf(askedInSlot, 1, () => status(payments, anyOrder())),
  }),
  'a search by an id': ({ console, anyOrder }) => ({
    count: askedInSlot,
    done: () => eachOf(askedInSlot, 1, () => page(console, `find?q=pi_${anyOrder()}`, 303)),
  }),
  'a search by the beginning of an id': ({ console }, slot) => ({
    count: askedInSlot,
    done: () => eachOf(askedInSlot, 1, () => page(console, `find?q=new-${slot}-`, 200)),
  }),
  'the list of orders': ({ console }) => ({ count: askedInSlot, done: () => eachOf(askedInSlot, 1, () => page(console, 'orders', 200)) }),
};

/** Makes the logs and measures the slots. Each slot comes once on each log, and each log is first equally often. */
export async function growthByLength(folder: string, { events, slots }: GrowthOptions): Promise<ReadonlyMap<string, readonly Slot[]>> {
  // Refunds, statuses and searches of the slots, and of the one that warms up.
  const least = (slots + 1) * 3 * askedInSlot * eventsOfOrder;
  const shops = new Map<number, Shop>();
  const sizes = [0, ...events];
  const measured = new Map<string, Slot[]>(Object.keys(works).map((name) => [name, []]));
  try {
    for (const size of sizes) shops.set(size, await openShop(join(folder, `log-${size}.db`), Math.max(size, least)));
    // The first slot warms up.
    for (let slot = 0; slot <= slots; slot++) {
      for (const [name, work] of Object.entries(works)) {
        const times = await slotOf(slot, sizes, (size) => {
          const shop = shops.get(size);
          if (!shop) throw new Error(`no log of ${size} events`);
          const { count, done } = work(shop, slot);
          return timed(count, done);
        });
        if (slot > 0) measured.get(name)?.push(times);
      }
    }
    return measured;
  } finally {
    for (const { payments, ledger } of shops.values()) {
      await payments[Symbol.asyncDispose]();
      await ledger[Symbol.asyncDispose]();
    }
  }
}

async function openShop(path: string, least: number): Promise<Shop> {
  const { events, orders } = await growLog(path, least);
  const ledger = createPaymentLedger({
    eventStore: await openSqliteEventStore(path),
    deliver: async () => undefined,
    background: false,
  });
  const { micros } = await timed(1, () => ledger.settle({ timeoutMs: hourMs }));
  console.log(`${events} events of ${orders} orders; the read models were made in ${Math.round(micros / 1e6)} s.`);
  const payments = stripePayments({ ledger, stripe: new Stripe('sk_test_bench'), webhookSecrets: ['whsec_bench'], poll: false });
  // Steps of a prime give each order once.
  let asked = 0;
  return {
    ledger,
    payments,
    console: paymentConsole({ payments, authenticate: () => ({ actor: 'sup-3' }) }),
    anyOrder: () => orderIdOf((++asked * 7_368_787) % orders),
  };
}

async function newOrder(ledger: PaymentLedger, orderId: string): Promise<void> {
  await ledger.placeOrder({ orderId, memberId: `m-${orderId}`, plan: 'pro', amountMinor: 4_900, currency: 'usd', account, livemode: true });
  await ledger.attachCheckout(orderId, payment(`cs_${orderId}`));
  await observe(ledger, orderId, paid);
}

function refund(ledger: PaymentLedger, orderId: string): Promise<void> {
  return observe(ledger, orderId, { kind: 'refund', id: `re_late_${orderId}`, status: 'pending', amountMinor: 100 });
}

async function observe(ledger: PaymentLedger, orderId: string, fact: Fact): Promise<void> {
  const { outcome } = await ledger.observePayment({
    payment: payment(`pi_${orderId}`),
    aliases: [`cs_${orderId}`],
    fact,
    asOf: '2026-01-01T00:00:00.000Z',
    source: 'webhook',
    evidence: { objectId: `pi_${orderId}`, eventId: `evt_late_${orderId}`, apiVersion: '2026-10-28.endive' },
  });
  if (outcome !== 'recorded' && outcome !== 'granted') throw new Error(`${orderId}: ${fact.kind} was answered ${outcome}`);
}

async function status(payments: StripePayments, orderId: string): Promise<void> {
  const answer = await payments.status(`cs_${orderId}`);
  if (answer === undefined || answer.stale) throw new Error(`cs_${orderId} was answered ${JSON.stringify(answer)}`);
}

async function page(console: Shop['console'], path: string, expected: number): Promise<void> {
  const answer = await console(new Request(`http://127.0.0.1/admin/payments/${path}`, { headers: { accept: 'text/html' } }));
  const text = await answer.text();
  if (answer.status !== expected) throw new Error(`${path} was answered ${answer.status}: ${text.slice(0, 200)}`);
}
