// The benchmark `npm run bench -- subscriptions [--save]`: what subscriptions cost, and whether anybody is ended who paid: a year of a
// thousand members on a virtual clock, and the calls of real renewals at the sandbox, whose webhooks come.
import { parseArgs } from 'node:util';
import { createPaymentLedger } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { startStripeSandbox } from '@paidonce/sandbox';
import { stripePayments } from '@paidonce/stripe-adapter';
import { simulateSubscriptionYear } from '@paidonce/stripe-adapter/subscription-year';
import Stripe from 'stripe';
import { saveResults } from '../scripts/save-results.ts';

const members = 1_000;
const days = 365;
const renewals = 6;
const dayMs = 24 * 3_600_000;

export async function subscriptions(): Promise<void> {
  const { values } = parseArgs({ args: process.argv.slice(3), options: { save: { type: 'boolean', default: false } } });
  const readsPerRenewal = await readsOfRenewals();
  const year = await simulateSubscriptionYear({ members, days });
  const all = Object.values(year.reads).reduce((sum, reads) => sum + reads);
  const readsPerMonth = Math.round((all * 30) / days);
  console.table([{ ...year.reads, all, renewals: year.renewals }]);
  console.log(
    `wrong ends: ${year.wrongEnds} · hours locked out: ${year.hoursLockedOut.toFixed(1)} · ends: ${year.ends}, ${year.hoursLate.toFixed(1)} h late on average`,
  );
  const last = { members, readsPerRenewal, readsPerMonth, wrongEnds: year.wrongEnds };
  if (values.save) saveResults('benchmarks', 'subscriptions', last);
  console.log(JSON.stringify({ bench: 'subscriptions', ...last }));
}

/** Calls of the adapter at the sandbox for each renewal that its webhooks tell. */
async function readsOfRenewals(): Promise<number> {
  const secret = 'whsec_of_the_bench';
  const start = new Date('2027-01-01T00:00:00Z');
  await using sandbox = await startStripeSandbox({ automatic: false, runtime: { now: () => start } });
  const stripe = new Stripe('sk_test_123456789012', { ...sandbox.clientConfig, telemetry: false });
  const now = (): Date => sandbox.now();
  const runtime = { now, monotonicNowMs: () => now().getTime() - start.getTime() };
  const { id: product } = await stripe.products.create({ name: 'Club' });
  const { id: price } = await stripe.prices.create({ product, currency: 'usd', unit_amount: 3_000, recurring: { interval: 'month' } });
  await using ledger = createPaymentLedger({
    eventStore: openMemoryEventStore(),
    subscriptions: { policy: { plans: { club: [price] } } },
    runtime: { now },
  });
  await using payments = stripePayments({ ledger, stripe, webhookSecrets: [secret], poll: false, runtime });
  const placed = { subscriptionId: 'club-1', memberId: 'member-1', plan: 'club', account: sandbox.account, livemode: false };
  await ledger.placeSubscription(placed);
  const ledgerId = await ledger.forAdapters.ensureLedgerId();
  const metadata = { paidonce: 'paidonce', paidonce_subscription: 'club-1', paidonce_ledger: ledgerId };
  const line_items = [{ price, quantity: 1 }];
  const success_url = 'https://shop.example/done';
  const session = await stripe.checkout.sessions.create({
    mode: 'subscription',
    success_url,
    line_items,
    metadata,
    subscription_data: { metadata },
  });
  sandbox.pay(session.id);
  const told = new Set<string>();
  /** Each event once, as a webhook with a signature of now. */
  const deliver = async (): Promise<void> => {
    const events = (await stripe.events.list({ limit: 100 })).data.toReversed();
    sandbox.calls.reset();
    for (const event of events) {
      if (told.has(event.id)) continue;
      told.add(event.id);
      const payload = JSON.stringify(event);
      const timestamp = Math.floor(now().getTime() / 1_000);
      await payments.handleWebhook(Buffer.from(payload), stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp }));
    }
  };
  await deliver();
  let reads = 0;
  for (let renewal = 0; renewal < renewals; renewal++) {
    await sandbox.advance(31 * dayMs);
    await deliver();
    reads += sandbox.calls.count();
  }
  const { paidThrough = '' } = (await ledger.subscription('club-1')) ?? {};
  if (paidThrough <= now().toISOString())
    throw new Error(`paid through ${paidThrough}, and it is ${now().toISOString()}: the renewals were not told`);
  return reads / renewals;
}
