// Plays the customers over HTTP as browsers do: they pay on the hosted page, follow the redirect, and ask for the status.
import type { PaymentLedger, PaymentReference } from '@paidonce/ledger';
import type { StripePayments } from '@paidonce/stripe-adapter';
import type Stripe from 'stripe';
import type { Scenario } from './scenarios.ts';

export interface World {
  readonly shopUrl: string;
  readonly ledger: PaymentLedger;
  readonly payments: StripePayments;
  readonly stripe: Stripe;
}

const price = { amountMinor: 9_000, currency: 'usd' };

/** Plays one customer, from the order to the last click. @throws Error the shop or Stripe answers with an error. */
export async function play(scenario: Scenario, world: World): Promise<void> {
  const { orderId, fate, customer } = scenario;
  const { shopUrl, payments, stripe } = world;
  const checkout = await payments.startCheckout({
    orderId,
    memberId: `m-${orderId}`,
    plan: 'year',
    ...price,
    successUrl: `${shopUrl}/success?session_id={CHECKOUT_SESSION_ID}`,
    session: { metadata: { sandbox_fate: fate } },
  });

  switch (customer) {
    case 'returns':
      await open(await pay(checkout.url));
      return askUntilGranted(world, checkout.sessionId);
    case 'leaves':
      return void (await pay(checkout.url));
    case 'races':
      await Promise.all([pay(checkout.url), askUntilGranted(world, checkout.sessionId), askUntilGranted(world, checkout.sessionId)]);
      return;
    case 'never_pays':
      return;
    case 'forges_redirect':
      await open(`${shopUrl}/success?session_id=${checkout.sessionId}&payment_status=paid`);
      return void (await ask(world, checkout.sessionId));
    case 'forges_webhook':
      return; // `forgeWebhook`, whose answer the demo wants to see.
    case 'pays_too_little':
      return void (await pay(await anotherCheckout(scenario, world, price.amountMinor - 4_000)));
    case 'pays_twice': {
      const again = await anotherCheckout(scenario, world, price.amountMinor);
      await pay(checkout.url);
      await pay(again);
      return refund(stripe, checkout.sessionId);
    }
    case 'is_refunded':
      await open(await pay(checkout.url));
      await askUntilGranted(world, checkout.sessionId);
      return refund(stripe, checkout.sessionId);
  }
}

/** Sends a webhook of a paid session that does not exist, signed with a wrong secret. Returns the HTTP status. */
export async function forgeWebhook({ orderId }: Scenario, { shopUrl, stripe }: World): Promise<number> {
  const session = {
    id: 'cs_test_forged',
    object: 'checkout.session',
    mode: 'payment',
    status: 'complete',
    payment_status: 'paid',
    amount_total: price.amountMinor,
    currency: price.currency,
    metadata: { paidonce: 'paidonce', paidonce_order: orderId },
  };
  const payload = JSON.stringify({ id: 'evt_forged', object: 'event', type: 'checkout.session.completed', data: { object: session } });
  const signature = stripe.webhooks.generateTestHeaderString({ payload, secret: 'whsec_not_the_one' });
  const headers = { 'content-type': 'application/json', 'stripe-signature': signature };
  return (await fetch(`${shopUrl}/webhooks/stripe`, { method: 'POST', headers, body: payload })).status;
}

/** Presses the button of the hosted page. Returns the address to which Stripe then sends the browser. */
export async function pay(url: string): Promise<string> {
  const answer = await fetch(url, { method: 'POST', redirect: 'manual', body: new URLSearchParams({ card: 'success', action: 'pay' }) });
  const location = answer.headers.get('location');
  if (location === null) throw new Error(`The payment page ${url} answered ${answer.status} and no redirect.`);
  return location;
}

async function open(url: string): Promise<void> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`The shop answered ${answer.status} to ${url}.`);
}

interface StatusAnswer {
  readonly state: string;
  readonly nextPollAfterMs?: number;
}

async function ask({ shopUrl }: World, sessionId: string): Promise<StatusAnswer> {
  const answer = await fetch(`${shopUrl}/payment/status/${sessionId}`);
  if (!answer.ok) throw new Error(`The shop answered ${answer.status} to the status query of ${sessionId}.`);
  return (await answer.json()) as StatusAnswer;
}

const mostQuestions = 200;
const betweenMs = 50;

/** Asks for the status as the success page's script does, but faster. */
async function askUntilGranted(world: World, sessionId: string): Promise<void> {
  for (let question = 0; question < mostQuestions; question += 1) {
    const { state } = await ask(world, sessionId);
    if (state === 'active') return;
    await world.ledger.runtime.sleep(betweenMs);
  }
  throw new Error(`Session ${sessionId} was not granted after ${mostQuestions} status queries.`);
}

/** Makes a second session for the order with any price, as a careless shop may do by hand. */
async function anotherCheckout({ orderId, fate }: Scenario, { stripe, ledger, shopUrl }: World, amountMinor: number): Promise<string> {
  const metadata = { paidonce: 'paidonce', paidonce_order: orderId };
  const session = await stripe.checkout.sessions.create({
    mode: 'payment',
    line_items: [{ quantity: 1, price_data: { currency: price.currency, unit_amount: amountMinor, product_data: { name: 'year' } } }],
    success_url: `${shopUrl}/success?session_id={CHECKOUT_SESSION_ID}`,
    metadata: { ...metadata, sandbox_fate: fate },
    payment_intent_data: { metadata },
  });
  const { account = '' } = (await ledger.order(orderId)) ?? {};
  const payment: PaymentReference = { provider: 'stripe', account, livemode: false, id: session.id };
  await ledger.attachCheckout(orderId, payment);
  return session.url ?? '';
}

async function refund(stripe: Stripe, sessionId: string): Promise<void> {
  const { payment_intent: intent } = await stripe.checkout.sessions.retrieve(sessionId);
  await stripe.refunds.create({ payment_intent: String(intent) });
}
