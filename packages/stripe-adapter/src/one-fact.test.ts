// Whoever says it, it is one fact: events of any name, thin twins, every tier of the poll, the status query. Each source is
// kept once, and access is given once.
import { expect, test } from 'vitest';
import { hourMs, openShop } from './shop.test-support.ts';
import { signed, thin } from './signed-events.test-support.ts';

interface Observed {
  readonly source: string;
  readonly fact: object;
  readonly factKey: string;
  readonly asOf: string;
}

async function observationsOf({ ledger }: Awaited<ReturnType<typeof openShop>>): Promise<readonly Observed[]> {
  return (await ledger.history('order-1')).flatMap(({ type, data }) => (type === 'PaymentObserved' ? [data as Observed] : []));
}

test('a payment is reported by eight mouths, and known by one key', async () => {
  const shop = await openShop();
  const { payments, sandbox, stripe, ledger } = shop;
  const sessionId = await shop.checkout();
  sandbox.pay(sessionId, { fate: 'lost' });
  const copy = async (expand: string[]) => JSON.parse(JSON.stringify(await stripe.checkout.sessions.retrieve(sessionId, { expand })));
  const [session, { payment_intent: intent }] = [await copy([]), await copy(['payment_intent'])];
  await payments.status(sessionId);
  for (const [object, type] of [
    [session, 'checkout.session.completed'],
    [session, 'checkout.session.async_payment_succeeded'],
    [intent, 'payment_intent.succeeded'],
  ]) {
    await payments.handleWebhook(...signed(object, { event: { type } }));
  }
  await payments.handleWebhook(...thin({ id: sessionId, object: 'checkout.session' }));
  await payments.handleWebhook(...thin({ id: intent.id, object: 'payment_intent' }));
  await payments.sweep();
  const observations = await observationsOf(shop);
  expect(new Set(observations.map(({ factKey }) => factKey))).toEqual(new Set([`${intent.id}:paid`]));
  // An intent alone knows no parts: that is kept beside, from the source that said it first.
  const withParts = observations.filter(({ fact }) => JSON.stringify(fact).includes('parts')).map(({ source }) => source);
  expect(withParts.sort()).toEqual(['poll', 'status_query', 'webhook']);
  expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', sequence: 1, openReviews: [] });
});

test('what was read is as of Stripe’s clock, and not of ours', async () => {
  const shop = await openShop();
  const sessionId = await shop.checkout();
  await shop.sandbox.advance(2 * hourMs);
  shop.sandbox.pay(sessionId, { fate: 'never_made' });
  await shop.payments.status(sessionId);
  const [observations] = await observationsOf(shop);
  expect(Math.abs(Date.parse(observations?.asOf ?? '') - shop.sandbox.now().getTime())).toBeLessThan(hourMs);
});
