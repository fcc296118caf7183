// Payments in a page of your own: a Checkout session that Stripe.js shows there (`embedded`, `elements`), or a bare payment intent.
// It runs on a local sandbox of Stripe, which plays the customer: npx node --conditions=@paidonce/source examples/own-page.ts
import { paymentLedgerPlugin } from '@paidonce/http';
import { createPaymentLedger } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { startStripeSandbox } from '@paidonce/sandbox';
import { stripePayments } from '@paidonce/stripe-adapter';
import Fastify from 'fastify';
import Stripe from 'stripe';

await using sandbox = await startStripeSandbox();
const ledger = createPaymentLedger({ eventStore: openMemoryEventStore() }); // In your shop: openSqliteEventStore, and `deliver`.
const stripe = new Stripe('sk_test_paidonce_sandbox', { ...sandbox.clientConfig });
const payments = stripePayments({ ledger, stripe, webhookSecrets: ['whsec_sandbox_local'], poll: false });
const app = Fastify({ requestTimeout: 20_000 });
await app.register(paymentLedgerPlugin, { payments });

const returnUrl = 'https://shop.example/thanks'; // Gets session_id={CHECKOUT_SESSION_ID}.
const orderOf = (orderId: string) => ({ orderId, memberId: 'ada', plan: 'year', amountMinor: 9_000, currency: 'usd' });

// Your page posts here, and gives the secret to Stripe.js. It is for this customer alone: do not log it, and do not store it.
app.post<{ Params: { orderId: string } }>('/buy/:orderId/embedded', async ({ params: { orderId } }) => {
  // In the page: stripe.createEmbeddedCheckoutPage({ fetchClientSecret })
  return payments.startCheckout({ ...orderOf(orderId), ui: 'embedded', returnUrl });
});
app.post<{ Params: { orderId: string } }>('/buy/:orderId/elements', async ({ params: { orderId } }) => {
  // In the page: stripe.initCheckoutElementsSdk({ clientSecret })
  return payments.startCheckout({ ...orderOf(orderId), ui: 'elements', returnUrl });
});
app.post<{ Params: { orderId: string } }>('/buy/:orderId/intent', async ({ params: { orderId } }) => {
  // In the page: stripe.elements({ clientSecret }) and stripe.confirmPayment. An intent knows no discount and no tax.
  return payments.startCheckout({ ...orderOf(orderId), ui: 'intent' });
});
const shopUrl = await app.listen({ port: 0, host: '127.0.0.1' });
sandbox.addWebhookEndpoint({ url: `${shopUrl}/webhooks/stripe`, secret: 'whsec_sandbox_local' });

type Bought = { readonly sessionId?: string; readonly paymentIntentId?: string; readonly clientSecret: string };

for (const ui of ['embedded', 'elements', 'intent']) {
  const bought = (await (await fetch(`${shopUrl}/buy/order-${ui}/${ui}`, { method: 'POST' })).json()) as Bought;
  const { sessionId, paymentIntentId } = bought;
  // What Stripe.js would do with the secret. No webhook comes: the page asks by the id, and Stripe's own answer grants.
  if (sessionId) sandbox.pay(sessionId, { fate: 'lost' });
  if (paymentIntentId) sandbox.payIntent(paymentIntentId, { fate: 'lost' });
  const status = (await (await fetch(`${shopUrl}/payment/status/${sessionId ?? paymentIntentId}`)).json()) as { state: string };
  console.log(`${ui}: ${status.state}`);
}
await app.close();
