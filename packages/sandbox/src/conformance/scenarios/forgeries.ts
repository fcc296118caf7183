// What is no payment: a customer who leaves, a browser that claims to have paid, a webhook that Stripe did not send.
import { expectRefused, expectState, nothing } from '../expectations.ts';
import type { Scenario } from '../scenario.ts';
import { withoutSuccessPage } from '../skips.ts';
import type { Purchase } from '../stage.ts';

const freeMatters = 'Anybody gets what you sell for nothing, and tells others how.';
const hourSeconds = 3_600;

export const forgeryScenarios: readonly Scenario[] = [
  {
    name: 'never-paid',
    promise: 'An order that nobody pays gives no access, whoever asks about it',
    matters: freeMatters,
    remedy: 'A session that exists is not a paid one. Grant only where its payment_status is "paid" (or it costs nothing).',
    play: async (stage) => {
      const purchase = await stage.order();
      if (stage.has('askStatus')) await stage.askStatus(purchase);
      if (stage.has('poll')) await stage.poll();
      stage.sandbox.expire(purchase.session.id);
      stage.did('The customer never pays, and the session expires.');
      await stage.deliverUntilAcknowledged(purchase.session.id);
      if (stage.has('askStatus')) await stage.askStatus(purchase);
      await expectState(stage, purchase, nothing);
    },
  },
  {
    name: 'forged-redirect',
    promise: 'Opening the success page without having paid gives no access, whatever the query says',
    matters: freeMatters,
    remedy:
      'The redirect proves nothing: its address can be typed. Let the page read the session id only, and ask your own database, or Stripe.',
    skip: withoutSuccessPage,
    play: async (stage) => {
      const purchase = await stage.order();
      await stage.visit(purchase);
      await stage.visit(purchase, 'payment_status=paid&redirect_status=succeeded&paid=true&status=complete&success=1');
      await expectState(stage, purchase, nothing);
    },
  },
  {
    name: 'forged-signature',
    promise: 'A webhook that Stripe did not sign is answered 400 and gives no access',
    matters: freeMatters,
    remedy:
      "Give the raw body, the header and your endpoint's secret to stripe.webhooks.constructEvent before you read anything, and answer 400 where it throws.",
    play: async (stage) => {
      const purchase = await stage.order();
      const body = forgedPayment(purchase);
      stage.did('Somebody posts a "paid" event, signed with a secret of their own.');
      const otherSecret = await stage.post(body, stage.sign(body, { secret: 'whsec_of_somebody_else' }));
      stage.did('Somebody posts it with the true signature of another body.');
      const otherBody = await stage.post(body, stage.sign(`${body} `));
      await expectState(stage, purchase, nothing);
      expectRefused(otherSecret, 'a webhook signed with another secret');
      expectRefused(otherBody, 'a webhook with the signature of another body');
    },
  },
  {
    name: 'missing-signature',
    promise: 'A webhook without a signature is answered 400 and gives no access',
    matters: freeMatters,
    remedy: 'Refuse a request without the header stripe-signature; there is no case in which Stripe leaves it out.',
    play: async (stage) => {
      const purchase = await stage.order();
      stage.did('Somebody posts a "paid" event without a signature.');
      const status = await stage.post(forgedPayment(purchase), undefined);
      await expectState(stage, purchase, nothing);
      expectRefused(status, 'a webhook without a signature');
    },
  },
  {
    name: 'stale-signature',
    promise: 'A webhook that was signed an hour ago is answered 400 and gives no access',
    matters: 'Whoever has read one of your webhooks, in a log or a proxy, can send it again for ever.',
    remedy: 'Keep the tolerance of constructEvent (five minutes): 0 switches the check off. Stripe signs anew whenever it sends again.',
    play: async (stage) => {
      const purchase = await stage.order();
      const body = forgedPayment(purchase);
      stage.did('Somebody posts a "paid" event with a true signature that is an hour old.');
      const status = await stage.post(body, stage.sign(body, { ageSeconds: hourSeconds }));
      await expectState(stage, purchase, nothing);
      expectRefused(status, 'a webhook signed an hour ago');
    },
  },
];

/** The event `checkout.session.completed`, as if the customer had paid. */
function forgedPayment({ session }: Purchase): string {
  const id = session.id.slice(-12);
  return JSON.stringify({
    id: `evt_forged_${id}`,
    object: 'event',
    api_version: null,
    created: session.created,
    data: { object: { ...session, status: 'complete', payment_status: 'paid', payment_intent: `pi_forged_${id}`, url: null } },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type: 'checkout.session.completed',
  });
}
