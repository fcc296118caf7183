// `npm run practices`: four ways to live with webhooks, each in a few lines, on a local sandbox of Stripe. All run on
// one ledger at once, so a shop takes those that it wants and changes nothing else.
import { paymentLedgerPlugin } from '@paidonce/http';
import { createPaymentLedger, type MembershipChange } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { startStripeSandbox } from '@paidonce/sandbox';
import { manualPayment, stripePayments } from '@paidonce/stripe-adapter';
import Fastify from 'fastify';
import Stripe from 'stripe';

const alarms: string[] = [];
let tableIsAway = false;
/** How long to wait for a delivery that fails. */
const timeoutMs = 500;

await using sandbox = await startStripeSandbox();
const ledger = createPaymentLedger({
  eventStore: openMemoryEventStore(), // Yours: openSqliteEventStore('ledger.db').
  deliver: async (change) => saveMembership(change),
  onAlert: ({ message }) => alarms.push(message), // Yours: a page, a mail, a chat.
});
const payments = stripePayments({
  ledger,
  stripe: new Stripe('sk_test_paidonce_sandbox', { ...sandbox.clientConfig }),
  webhookSecrets: ['whsec_local'],
  poll: false, // Here `sweep` below is the poll. Without this line it runs every five minutes by itself.
});
const app = Fastify();
await app.register(paymentLedgerPlugin, { payments });
const shopUrl = await app.listen({ port: 0, host: '127.0.0.1' });
sandbox.addWebhookEndpoint({ url: `${shopUrl}/webhooks/stripe`, secret: 'whsec_local' });

console.log('1. Webhook first, a poll behind it');
await buy('order-1', 'delivered');
await sandbox.advance(0); // The webhook comes.
await report('order-1');
await buy('order-2', 'lost');
const { rescued } = await payments.sweep();
await report('order-2');

console.log('2. Webhook, and a person who repairs a case');
const by = { actor: 'support-7', reason: 'ticket 12' };
tableIsAway = true; // The shop's own table does not take the membership.
await buy('order-3', 'delivered');
await sandbox.advance(0);
await report('order-3');
tableIsAway = false;
await ledger.redeliver('order-3', by); // At once; by itself the ledger tries again, ever more rarely.
await report('order-3');
await buy('order-8', 'lost');
await payments.recheck('order-8'); // Asks Stripe again: in the console a button, on the command line `paidonce-stripe recheck`.
await report('order-8');
await start('order-4');
const order = await ledger.order('order-4');
if (order) await ledger.observePayment(manualPayment(order, { paymentId: 'manual:12', paidAt: new Date().toISOString(), by })); // A bank transfer.
await report('order-4');

console.log('3. Webhook, and a check in real time when the customer asks');
const sessionId = await buy('order-5', 'lost');
await fetch(`${shopUrl}/payment/status/${sessionId}`); // The success page does, until the state is `active`.
await report('order-5');

console.log('4. Webhook, poll, and alerts on failure');
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
  await ledger.observePayment(manualPayment(short, { paymentId: 'manual:13', paidAt: new Date().toISOString(), amountMinor: 100, by })); // `onAlert` hears of it.
for (const alarm of alarms) console.log(`   ALARM ${alarm}`);

tableIsAway = false;
await app.close(); // And the payments and the ledger with it.

function saveMembership({ membershipId }: MembershipChange): void {
  if (tableIsAway) throw new Error(`the table is away, ${membershipId} is not saved`); // The ledger tries again.
}

async function start(orderId: string): Promise<string> {
  const what = { orderId, memberId: `member-of-${orderId}`, plan: 'year', amountMinor: 9_000, currency: 'usd' };
  return (await payments.startCheckout({ ...what, successUrl: `${shopUrl}/thanks` })).sessionId;
}

/** @param fate what becomes of the webhook. */
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
