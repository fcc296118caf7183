// A host with the Fastify of this folder: the plugin and the console, over sockets.
import { readFileSync } from 'node:fs';
import { paymentAdminPlugin, paymentLedgerPlugin } from '@paidonce/http';
import { createPaymentLedger } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { startStripeSandbox } from '@paidonce/sandbox';
import { stripePayments } from '@paidonce/stripe-adapter';
import Fastify from 'fastify';
import { Registry } from 'prom-client';
import Stripe from 'stripe';

const secret = 'whsec_sandbox_of_the_matrix';
await using sandbox = await startStripeSandbox({ automatic: false });
const ledger = createPaymentLedger({ eventStore: openMemoryEventStore() });
const stripe = new Stripe('sk_test_123456789012', { ...sandbox.clientConfig, telemetry: false });
const payments = stripePayments({ ledger, stripe, webhookSecrets: [secret], poll: false });
const app = Fastify();
const metrics = new Registry();
await app.register(paymentLedgerPlugin, { payments, metrics, statusRateLimit: { max: 2, timeWindowMs: 3_600_000 } });
await app.register(paymentAdminPlugin, {
  payments,
  authenticate: async (request) => (request.headers['authorization'] === 'Bearer support' ? { actor: 'support-7' } : undefined),
});
const url = await app.listen({ host: '127.0.0.1', port: 0 });
sandbox.addWebhookEndpoint({ url: `${url}/webhooks/stripe`, secret });

const order = { orderId: 'order-1', memberId: 'member-1', plan: 'year', amountMinor: 1_000, currency: 'eur' };
const { sessionId } = await payments.startCheckout({ ...order, successUrl: 'https://shop.example/done' });
sandbox.pay(sessionId);
await sandbox.deliverDue();

const forged = { 'content-type': 'application/json', 'stripe-signature': `t=${Math.floor(Date.now() / 1_000)},v1=${'00'.repeat(32)}` };
const statusOf = async (path: string, init?: RequestInit): Promise<number> => (await fetch(url + path, init)).status;
const person = { headers: { authorization: 'Bearer support' } };
const answers = {
  fastify: JSON.parse(readFileSync(new URL('node_modules/fastify/package.json', import.meta.url), 'utf8')).version as string,
  forged: await statusOf('/webhooks/stripe', { method: 'POST', body: '{}', headers: forged }),
  status: await (await fetch(`${url}/payment/status/${sessionId}`)).json(),
  limited: [await statusOf(`/payment/status/${sessionId}`), await statusOf(`/payment/status/${sessionId}`)].at(-1),
  ready: await statusOf('/health/ready'),
  stranger: await statusOf('/admin/payments'),
  console: await statusOf('/admin/payments', person),
  order: await statusOf('/admin/payments/orders/order-1', person),
  metrics: await metrics.metrics(),
};
await app.close();
console.log(JSON.stringify(answers));
