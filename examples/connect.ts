// A platform of Stripe Connect: one ledger sells on its own account and on those of its sellers. It runs on a local sandbox of
// Stripe: npx node --conditions=@paidonce/source examples/connect.ts
import { paymentLedgerPlugin } from '@paidonce/http';
import { createPaymentLedger, type MembershipChange } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { startStripeSandbox } from '@paidonce/sandbox';
import { stripePayments } from '@paidonce/stripe-adapter';
import Fastify from 'fastify';
import Stripe from 'stripe';

const seller = 'acct_1Seller';
await using sandbox = await startStripeSandbox({ connectedAccounts: [seller], automatic: false });
const platformSecret = 'whsec_sandbox_platform';
const connectSecret = 'whsec_sandbox_connect';
const ledger = createPaymentLedger({ eventStore: openMemoryEventStore(), deliver: (change) => saveMembership(change) });
const stripe = new Stripe('sk_test_paidonce_sandbox', { ...sandbox.clientConfig });

// #region secrets
const payments = stripePayments({
  ledger,
  stripe, // The platform's key. It acts on a connected account by the header `Stripe-Account`.
  webhookSecrets: [platformSecret, connectSecret], // Of "your account", and of "connected accounts": same URL, two endpoints.
});
// #endregion secrets
const app = Fastify({ requestTimeout: 20_000 });
await app.register(paymentLedgerPlugin, { payments });
const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/webhooks/stripe`;
sandbox.addWebhookEndpoint({ url, secret: platformSecret });
sandbox.addWebhookEndpoint({ url, secret: connectSecret, connect: true });
const successUrl = 'https://shop.example/thanks';

// #region checkout
const course = await payments.startCheckout({
  ...{ orderId: 'course-1', memberId: 'ada', plan: 'course', amountMinor: 4_900, currency: 'usd' },
  connectedAccount: seller, // The session is the seller's. Absent: it is the platform's own.
  successUrl,
});
// #endregion checkout
const ticket = await payments.startCheckout({
  ...{ orderId: 'ticket-1', memberId: 'ada', plan: 'ticket', amountMinor: 900, currency: 'usd' },
  successUrl,
});

sandbox.pay(course.sessionId);
sandbox.pay(ticket.sessionId, { fate: 'lost' });
await sandbox.deliverDue(); // The webhook of the seller's payment comes to the second endpoint.
await report('course-1');

// #region poll
const { rescued, unreadAccounts = [] } = await payments.sweep(); // Each account with orders is read by itself.
// #endregion poll
await report('ticket-1');
console.log(`the poll found ${rescued}, and could not read ${unreadAccounts.length} accounts`);

// A payment of the seller for an order of the platform: the money is in the wrong account, so it gives no access.
const other = { ...{ orderId: 'ticket-2', memberId: 'bob', plan: 'ticket' }, amountMinor: 900, currency: 'usd' };
await ledger.placeOrder({ ...other, account: sandbox.account, livemode: false });
const price_data = { currency: 'usd', unit_amount: 900, product_data: { name: 'Ticket' } };
const metadata = await payments.metadataFor('ticket-2');
const session = await stripe.checkout.sessions.create(
  { mode: 'payment', line_items: [{ quantity: 1, price_data }], success_url: successUrl, metadata },
  { stripeAccount: seller },
);
sandbox.pay(session.id);
await sandbox.deliverDue();
await report('ticket-2');
await app.close();

async function report(orderId: string): Promise<void> {
  await ledger.settle();
  const found = await ledger.order(orderId);
  const reviews = found?.openReviews.map(({ kind }) => kind).join() || 'none';
  console.log(`${orderId} on ${found?.account === seller ? 'the seller' : 'the platform'} is ${found?.membership}, reviews: ${reviews}`);
}

function saveMembership({ membershipId, status }: MembershipChange): void {
  console.log(`saved: ${membershipId} is ${status}`);
}
