// Payments that take days, and checkouts that are started twice.

import { BrokenPromise } from '../broken-promise.ts';
import { expectState, grantedOnce, nothing } from '../expectations.ts';
import type { Scenario } from '../scenario.ts';
import { without, withoutSlowPayments } from '../skips.ts';
import type { Purchase, Stage } from '../stage.ts';

const bankRemedy =
  'checkout.session.completed only says that the customer is through with the page. Grant where payment_status is "paid", and listen to checkout.session.async_payment_succeeded and .async_payment_failed.';

export const slowPaymentScenarios: readonly Scenario[] = [
  {
    name: 'slow-payment-succeeds',
    promise: 'A bank debit gives access when the money is there, days after the checkout, and not before',
    matters: 'Granted too early, the goods are gone when the debit bounces; never granted, a customer has paid for nothing.',
    remedy: bankRemedy,
    skip: withoutSlowPayments,
    play: async (stage) => {
      const purchase = await stage.order();
      stage.pay(purchase, { card: 'processing' });
      await stage.deliverUntilAcknowledged(purchase.session.id);
      await expectState(stage, purchase, nothing);
      await settle(stage, purchase, 'succeeded');
      await expectState(stage, purchase, grantedOnce);
    },
  },
  {
    name: 'slow-payment-fails',
    promise: 'A bank debit that bounces never gives access',
    matters: 'Whoever finds out pays by debit from an empty account, as often as they like.',
    remedy: bankRemedy,
    skip: withoutSlowPayments,
    play: async (stage) => {
      const purchase = await stage.order();
      stage.pay(purchase, { card: 'processing_fails' });
      await stage.deliverUntilAcknowledged(purchase.session.id);
      await expectState(stage, purchase, nothing);
      await settle(stage, purchase, 'failed');
      await expectState(stage, purchase, nothing);
    },
  },
  {
    name: 'first-session-expired',
    promise: 'The expiry of a first, abandoned session does not undo the order that was paid with a second one',
    matters: 'A customer who came back and paid loses access a day later, when the first session expires.',
    remedy: 'checkout.session.expired ends that session, not the order. Change the order only if no other session of it was paid.',
    skip: without('checkoutAgain'),
    play: async (stage) => {
      const purchase = await stage.order();
      stage.sandbox.setFate(purchase.session.id, 'lost');
      stage.sandbox.expire(purchase.session.id);
      stage.did('The customer leaves, and the session expires; the webhook about it is late.');
      const second = await stage.checkoutAgain(purchase);
      if (second === purchase.session.id)
        throw new BrokenPromise('a new session, since the first has expired', `the expired session ${second} again`);
      stage.pay(purchase, { sessionId: second });
      await stage.deliverUntilAcknowledged(second);
      await expectState(stage, purchase, grantedOnce);
      await stage.sendAgain(purchase.session.id);
      await expectState(stage, purchase, grantedOnce);
    },
  },
];

async function settle(stage: Stage, { session }: Purchase, outcome: 'succeeded' | 'failed'): Promise<void> {
  const { payment_intent: intent } = await stage.stripe.checkout.sessions.retrieve(session.id);
  stage.sandbox.settle(String(intent), outcome);
  stage.did(outcome === 'succeeded' ? 'Days later the bank pays.' : 'Days later the debit bounces.');
  await stage.deliverUntilAcknowledged(session.id);
}
