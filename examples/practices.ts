// The program of `npm run practices`: shows four ways to handle webhooks, each in a few lines, on a local sandbox of Stripe.
// All of them use one ledger at the same time, so a shop can choose the ones that it wants.
import { paymentLedgerPlugin } from '@paidonce/http';
import { createPaymentLedger, type MembershipChange } from '@paidonce/ledger';
import { openEventStore } from '@paidonce/ledger/store-url';
import { startStripeSandbox } from '@paidonce/sandbox';
import { manualPayment, stripePayments } from '@paidonce/stripe-adapter';
import Fastify from 'fastify';
import Stripe from 'stripe';

const alarms: string[] = [];
let tableIsAway = false;
/** How long to wait for a delivery that fails, in milliseconds. */
const timeoutMs = 500;

await using sandbox = await startStripeSandbox();
const ledger = createPaymentLedger({
  eventStore: await openEventStore(process.env['LEDGER_URL'] ?? 'memory:'), // In your shop: sqlite:ledger.db, or postgres://… A new log for each run here.
  deliver: (change) => saveMembership(change),
  onAlert: ({ message }) => alarms.push(message), // In your shop: a pager, a mail or a chat.
});
const payments = stripePayments({
  ledger,
  stripe: new Stripe('sk_test_paidonce_sandbox', { ...sandbox.clientConfig }),
  webhookSecrets: ['whsec_sandbox_local'],
  poll: false, // `sweep` below is the poll here. Without this line the poll runs by itself every five minutes.
});
const app = Fastify({ requestTimeout: 20_000 });
await app.register(paymentLedgerPlugin, { payments });
const shopUrl = await app.listen({ port: 0, host: '127.0.0.1' });
sandbox.addWebhookEndpoint({ url: `${shopUrl}/webhooks/stripe`, secret: 'whsec_sandbox_local' });

console.log('1. Webhook first, a poll behind it');
// #region webhook-and-poll
await buy('order-1', 'delivered');
await sandbox.advance(0); // The webhook arrives.
await report('order-1');
await buy('order-2', 'lost');
const { rescued } = await payments.sweep();
await report('order-2');
// #endregion webhook-and-poll

console.log('2. Webhook, and a person who repairs a case');
// #region by-hand
const by = { actor: 'support-7', reason: 'ticket 12' };
tableIsAway = true; // The shop's own table cannot save the membership.
await buy('order-3', 'delivered');
await sandbox.advance(0);
await report('order-3');
tableIsAway = false;
await ledger.redeliver('order-3', by); // Delivers at once. The ledger also tries again by itself, after longer and longer pauses.
await report('order-3');
await buy('order-8', 'lost');
await payments.recheck('order-8'); // Asks Stripe again. In the console it is a button, on the command line `paidonce-stripe recheck`.
await report('order-8');
await start('order-4');
const order = await ledger.order('order-4');
if (order) await ledger.observePayment(manualPayment(order, { paymentId: 'manual:12', paidAt: new Date().toISOString(), by })); // A bank transfer.
await report('order-4');
// #endregion by-hand

console.log('3. Webhook, and a check in real time when the customer asks');
// #region real-time
const sessionId = await buy('order-5', 'lost');
await fetch(`${shopUrl}/payment/status/${sessionId}`); // The success page does this until the state is `active`.
await report('order-5');
// #endregion real-time

console.log('4. Webhook, poll, and alerts on failure');
// #region alerts
await buy('order-6', 'lost');
const sweep = await payments.sweep();
if (rescued + sweep.rescued > 0) alarms.push(`${rescued + sweep.rescued} payments were found by the poll: do webhooks still arrive?`);
tableIsAway = true;
await buy('order-7', 'delivered');
await sandbox.advance(0);
await ledger.settle({ timeoutMs });
for (const { orderId, sequence } of (await ledger.undelivered()).items) alarms.push(`${orderId} waits for the shop, decision ${sequence}`);
await start('order-9');
const short = await ledger.order('order-9');
if (short)
  await ledger.observePayment(manualPayment(short, { paymentId: 'manual:13', paidAt: new Date().toISOString(), amountMinor: 100, by })); // `onAlert` is called.
// #endregion alerts

for (const alarm of alarms) console.log(`   ALARM ${alarm}`);

tableIsAway = false;
await app.close(); // Closes the payments and the ledger too.

function saveMembership({ membershipId }: MembershipChange): void {
  if (tableIsAway) throw new Error(`the table is away, ${membershipId} is not saved`); // The ledger tries again.
}

async function start(orderId: string): Promise<string> {
  const what = { orderId, memberId: `member-of-${orderId}`, plan: 'year', amountMinor: 9_000, currency: 'usd' };
  return (await payments.startCheckout({ ...what, successUrl: `${shopUrl}/thanks` })).sessionId;
}

/** Buys and pays. @param fate what happens to the webhook. */
async function buy(orderId: string, fate: 'delivered' | 'lost'): Promise<string> {
  const sessionId = await start(orderId);
  sandbox.pay(sessionId, { card: 'success', fate });
  return sessionId;
}

async function report(orderId: string): Promise<void> {
  await ledger.settle({ timeoutMs });
  const found = await ledger.order(orderId);
  console.log(`   ${orderId} is ${found?.membership}, granted by ${found?.grantedBy}, ${found?.delivered} of ${found?.sequence} delivered`);
}
