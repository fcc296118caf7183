// The ledger inside a server of your own: all that a shop needs of PaidOnce, and nothing else. Runs against Stripe:
// STRIPE_SECRET_KEY=sk_test_… STRIPE_WEBHOOK_SECRET=whsec_… node --conditions=@paidonce/source examples/embedded.ts
import { paymentLedgerPlugin } from '@paidonce/http';
import { createPaymentLedger, type MembershipChange } from '@paidonce/ledger';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { stripePayments } from '@paidonce/stripe-adapter';
import Fastify from 'fastify';
import Stripe from 'stripe';

const { STRIPE_SECRET_KEY: secretKey = '', STRIPE_WEBHOOK_SECRET: webhookSecret = '' } = process.env;

const ledger = createPaymentLedger({
  eventStore: await openSqliteEventStore('ledger.db'),
  deliver: (change) => saveMembership(change),
});
const payments = stripePayments({ ledger, stripe: new Stripe(secretKey), webhookSecrets: [webhookSecret] });
const app = Fastify();
await app.register(paymentLedgerPlugin, { payments });
await app.listen({ port: 3020 });

/** Yours. Store the status where your stored sequence is lower, in one transaction: `shop/memberships.ts` shows it. */
async function saveMembership({ membershipId, memberId, status, sequence }: MembershipChange): Promise<void> {
  console.log(`membership ${membershipId} of ${memberId} is ${status} (decision ${sequence})`);
}
