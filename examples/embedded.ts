// The ledger in your own server: everything that a shop needs from PaidOnce, and nothing else. It runs with Stripe:
// STRIPE_SECRET_KEY=sk_test_… STRIPE_WEBHOOK_SECRET=whsec_… npx node --conditions=@paidonce/source examples/embedded.ts
import { randomUUID } from 'node:crypto';
import { paymentLedgerPlugin } from '@paidonce/http';
import { createPaymentLedger, type MembershipChange } from '@paidonce/ledger';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { stripePayments } from '@paidonce/stripe-adapter';
import Fastify from 'fastify';
import Stripe from 'stripe';

const { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRET: webhookSecret } = process.env;
if (!secretKey || !webhookSecret) {
  console.error('Set STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET. Without an account at Stripe, "npm start" runs a shop on a sandbox.');
  process.exit(1);
}

const ledger = createPaymentLedger({
  eventStore: await openSqliteEventStore('ledger.db'),
  deliver: (change) => saveMembership(change),
});
const payments = stripePayments({ ledger, stripe: new Stripe(secretKey), webhookSecrets: [webhookSecret] });
const app = Fastify({ requestTimeout: 20_000 });
await app.register(paymentLedgerPlugin, { payments });
app.post<{ Params: { memberId: string } }>('/buy/:memberId', async ({ params: { memberId } }, reply) => {
  const order = { orderId: randomUUID(), memberId, plan: 'year', amountMinor: 9_000, currency: 'usd' };
  const { url } = await payments.startCheckout({ ...order, successUrl: 'http://127.0.0.1:3020/thanks' });
  return reply.redirect(url, 303);
});
// The page's script asks GET /payment/status/:sessionId until the state is `active`: see `shop/public/shop.js`.
app.get('/thanks', () => 'Thank you. Your membership is on its way.');
await app.listen({ port: 3020 });

/**
 * Replace it: your own transaction around `once` of `@paidonce/ledger/once`, and answer what that answers. See
 * `shop/memberships.ts`, and docs/how-to/save-memberships.md for Prisma, Drizzle, Kysely, Knex, TypeORM and plain drivers.
 */
async function saveMembership({ membershipId, memberId, status, sequence }: MembershipChange): Promise<void> {
  console.log(`membership ${membershipId} of ${memberId} is ${status} (decision ${sequence})`);
}
