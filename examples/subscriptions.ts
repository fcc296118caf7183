// Subscriptions in a program of your own: the ledger with its plans, a checkout, and Stripe's portal. It runs on a local sandbox of
// Stripe, which plays the customer: npx node --conditions=@paidonce/source examples/subscriptions.ts
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MembershipChange, SubscriptionChange } from '@paidonce/ledger';
import { startStripeSandbox } from '@paidonce/sandbox';
import Stripe from 'stripe';

// #region imports

import { createPaymentLedger } from '@paidonce/ledger';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { stripePayments } from '@paidonce/stripe-adapter';

// #endregion imports

const sandbox = await startStripeSandbox();
const stripe = new Stripe('sk_test_paidonce_sandbox', { ...sandbox.clientConfig });
const webhookSecret = 'whsec_sandbox_local';
const folder = mkdtempSync(join(tmpdir(), 'paidonce-'));
const ledgerFile = join(folder, 'ledger.db');
// In your own shop the price is made once, in Stripe's dashboard.
const { id: product } = await stripe.products.create({ name: 'Membership' });
const { id: monthlyPrice } = await stripe.prices.create({ product, currency: 'usd', unit_amount: 900, recurring: { interval: 'month' } });

// #region ledger
const ledger = createPaymentLedger({
  eventStore: await openSqliteEventStore(ledgerFile), // a path such as 'data/ledger.db'
  deliver: (change) => saveMembership(change), // what is paid once
  subscriptions: {
    policy: { plans: { monthly: [monthlyPrice] } }, // ids of prices at Stripe: price_…
    deliver: (change) => saveSubscription(change), // what is paid again and again
  },
});
const payments = stripePayments({
  ledger,
  stripe, // new Stripe(secretKey)
  webhookSecrets: [webhookSecret],
});
// #endregion ledger

// #region start
const { sessionId, url } = await payments.startSubscription({
  subscriptionId: 'ada-1', // yours, another one for each subscription
  memberId: 'ada',
  plan: 'monthly',
  successUrl: 'https://shop.example/thanks',
});
// #endregion start
console.log(`the customer goes to ${new URL(url).origin === sandbox.url ? 'the sandbox' : 'Stripe'}`);
sandbox.pay(sessionId, { fate: 'lost' }); // No webhook comes. The page asks, and Stripe's own answer grants.
await payments.status(sessionId);
await ledger.settle();

// #region portal
const portal = await payments.portalUrl('ada-1', 'https://shop.example/account');
// #endregion portal
console.log(`and manages it at ${new URL(portal).origin === sandbox.url ? 'the sandbox' : 'Stripe'}`);

await payments[Symbol.asyncDispose]();
await ledger[Symbol.asyncDispose]();
await sandbox.close();
rmSync(folder, { recursive: true });

function saveMembership({ membershipId, memberId, status }: MembershipChange): void {
  console.log(`membership ${membershipId} of ${memberId} is ${status}`);
}

function saveSubscription({ membershipId, memberId, plan, status, change }: SubscriptionChange): void {
  console.log(`subscription ${membershipId} of ${memberId} is ${status}: ${plan}, ${change}`);
}
