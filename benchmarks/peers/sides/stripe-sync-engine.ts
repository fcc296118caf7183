// Supabase's Stripe Sync Engine: the object of a webhook becomes a row of its table. It decides nothing, so a payment counts once if
// there is one row of it: whether access was given for it is left to the shop. The signature is not verified, as on no side here.
import { createRequire } from 'node:module';
import type Stripe from 'stripe';
import { type Place, paidOf, poolSize, type Side, timesOf } from '../side.ts';

// Its ES module looks for its migrations by `__dirname`, which is not there, logs that and makes no table. The other build finds them.
const engine: typeof import('@supabase/stripe-sync-engine') = createRequire(import.meta.url)('@supabase/stripe-sync-engine');

export async function stripeSyncEngine({ url }: Place): Promise<Side> {
  await engine.runMigrations({ databaseUrl: url, schema: 'stripe' });
  const sync = new engine.StripeSync({
    poolConfig: { connectionString: url, max: poolSize },
    stripeSecretKey: 'sk_test_unused',
    stripeWebhookSecret: 'whsec_unused',
  });
  return {
    prepare: async () => undefined,
    paid: (payment) => sync.processEvent(succeeded(payment) as unknown as Stripe.Event),
    counted: async () => {
      const { rows } = await sync.postgresClient.query(`select id from stripe.payment_intents where status = 'succeeded'`);
      return timesOf((rows as { id: string }[]).map(({ id }) => id));
    },
    close: () => sync.postgresClient.pool.end(),
  };
}

function succeeded(payment: number) {
  const { payment: id, orderId, amountMinor: amount, currency, eventId, at } = paidOf(payment);
  const created = Math.floor(Date.parse(at) / 1_000);
  const object = { id, object: 'payment_intent', amount, amount_received: amount, currency, created, status: 'succeeded', livemode: false };
  const data = { object: { ...object, metadata: { paidonce_order_id: orderId }, payment_method_types: ['card'] } };
  return { id: eventId, object: 'event', type: 'payment_intent.succeeded', created, data };
}
