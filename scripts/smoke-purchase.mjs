// One purchase on the built packages, on whichever Node runs this: sandbox, memory store, webhook over a socket, `deliver`. It is
// plain JavaScript without a condition, so that each Node reads it, and imports what a user would. Started by smoke.ts.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { nodeHandler, paymentHandlers } from '@paidonce/http/fetch';
import { createPaymentLedger } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { startStripeSandbox } from '@paidonce/sandbox';
import { stripePayments } from '@paidonce/stripe-adapter';
import Stripe from 'stripe';

// Every entry that is published is importable. Those for tests bring vitest, which has demands of its own.
for (const folder of ['ledger', 'stripe-adapter', 'http', 'sandbox']) {
  const { name, exports } = JSON.parse(readFileSync(new URL(`../packages/${folder}/package.json`, import.meta.url), 'utf8'));
  const published = Object.keys(exports).filter((path) => exports[path].default && !path.startsWith('./testing'));
  for (const path of published) await import(name + path.slice(1));
}

const secret = 'whsec_sandbox_local';
const sandbox = await startStripeSandbox();
const delivered = [];
const deliver = ({ membershipId, status, sequence }) => {
  delivered.push(`${membershipId} ${status} ${sequence}`);
};
const ledger = createPaymentLedger({ eventStore: openMemoryEventStore(), deliver });
const stripe = new Stripe('sk_test_paidonce_sandbox', { ...sandbox.clientConfig });
const payments = stripePayments({ ledger, stripe, webhookSecrets: [secret], poll: false });
const { webhook } = paymentHandlers({ payments });
const server = createServer(nodeHandler(webhook));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
sandbox.addWebhookEndpoint({ url: `http://127.0.0.1:${server.address().port}/`, secret });

const order = { orderId: 'order-1', memberId: 'ada', plan: 'year', amountMinor: 9_000, currency: 'usd' };
const { sessionId } = await payments.startCheckout({ ...order, successUrl: 'http://127.0.0.1/thanks' });
sandbox.pay(sessionId, { card: 'success', fate: 'delivered' });
await sandbox.advance(0); // The webhook arrives.
await ledger.settle();
const found = await ledger.order('order-1');

server.close();
await payments[Symbol.asyncDispose]();
await ledger[Symbol.asyncDispose]();
await sandbox.close();
if (found?.membership !== 'active' || found.grantedBy !== 'webhook' || delivered.join() !== 'order-1 active 1') {
  console.error(`Node ${process.version}: the purchase came to nothing. Order: ${JSON.stringify(found)}. Delivered: ${delivered}`);
  process.exitCode = 1;
} else console.log(`Node ${process.version}: paid, granted by the webhook, delivered once`);
