// The benchmark `npm run bench -- poll`: 10,000 orders wait for their payment, 100 of them were paid, and every webhook was
// lost. One sweep of the completed sessions finds all 100; the other way is one retrieve per order. The sandbox counts calls.
// Then what the poll costs in a simulated month, and how long 10,000 waiting vouchers delay a lost webhook.

import { createPaymentLedger, type PaymentLedger } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { type StripeSandbox, startStripeSandbox } from '@paidonce/sandbox';
import { type StripePayments, stripePayments } from '@paidonce/stripe-adapter';
import Stripe from 'stripe';
import { simulatedMonths } from './poll-month.ts';
import { waitingVouchers } from './waiting-vouchers.ts';

const pendingOrders = 10_000;
const paidOrders = 100;
const callersAtOnce = 16;

export async function poll(): Promise<void> {
  await using sandbox = await startStripeSandbox({ automatic: false });
  const stripe = new Stripe('sk_test_123456789012', { ...sandbox.clientConfig, telemetry: false });
  await using ledger = createPaymentLedger({ eventStore: openMemoryEventStore() });
  await using payments = stripePayments({ ledger, stripe, webhookSecrets: false, poll: false });
  await placeOrders(sandbox, payments);

  const naive = await counted(sandbox, () => retrieveEach(stripe, ledger));
  const sweep = await counted(sandbox, async () => (await payments.sweep({ tiers: ['objects'] })).rescued);
  await ledger.settle();
  const open = await openOrders(ledger);
  if (open.length !== pendingOrders - paidOrders) throw new Error(`${open.length} orders are open after the sweep`);

  console.table([
    { poll: 'a retrieve for each order', calls: naive.calls, found: naive.result, seconds: naive.seconds },
    { poll: 'one sweep of the completed sessions', calls: sweep.calls, found: sweep.result, seconds: sweep.seconds },
  ]);
  const months = simulatedMonths();
  const vouchers = await waitingVouchers();
  console.log(JSON.stringify({ bench: 'poll', calls: sweep.calls, found: sweep.result, retrieveEachCalls: naive.calls, months, vouchers }));
}

async function placeOrders(sandbox: StripeSandbox, payments: StripePayments): Promise<void> {
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < pendingOrders) {
      const order = next++;
      const { sessionId } = await payments.startCheckout({
        orderId: `order-${order}`,
        memberId: `member-${order}`,
        plan: 'pro',
        amountMinor: 4_900,
        currency: 'usd',
        successUrl: 'https://shop.example/done',
      });
      // The paid orders are spread over all. Stripe made no event for them: only the objects show the payment.
      if (order % (pendingOrders / paidOrders) === 0) sandbox.pay(sessionId, { fate: 'never_made' });
    }
  };
  await Promise.all(Array.from({ length: callersAtOnce }, caller));
}

/** Polls as an app does that retrieves the session of each order. It finds the same payments. */
async function retrieveEach(stripe: Stripe, ledger: PaymentLedger): Promise<number> {
  let found = 0;
  for (const sessionId of await openOrders(ledger)) {
    const { payment_status } = await stripe.checkout.sessions.retrieve(sessionId);
    if (payment_status === 'paid') found += 1;
  }
  return found;
}

/** Returns the sessions of the orders that wait for their payment. */
async function openOrders(ledger: PaymentLedger): Promise<readonly string[]> {
  await ledger.settle();
  const sessions: string[] = [];
  for (let after: string | undefined; ; ) {
    const page = await ledger.openOrders({ limit: 1_000, ...defined({ after }) });
    sessions.push(...page.items.flatMap(({ checkouts }) => checkouts.map(({ payment }) => payment.id)));
    if (page.next === undefined) return sessions;
    after = page.next;
  }
}

async function counted<T>(sandbox: StripeSandbox, work: () => Promise<T>) {
  sandbox.calls.reset();
  const startedAtMs = performance.now();
  const result = await work();
  return { result, calls: sandbox.calls.count(), seconds: Number(((performance.now() - startedAtMs) / 1_000).toFixed(2)) };
}
