// What Stripe's webhooks do on an ordinary day: they come, come again, come twice under two ids, and in any order.
import { concurrently } from '../concurrently.ts';
import { expectState, grantedOnce } from '../expectations.ts';
import type { Scenario } from '../scenario.ts';
import { withoutSuccessPage } from '../skips.ts';
import type { Purchase, Stage } from '../stage.ts';

/** A purchase that was paid, reported and granted: many stories begin here. */
export async function boughtOnce(stage: Stage): Promise<Purchase> {
  const purchase = await stage.order();
  stage.pay(purchase);
  await stage.deliverUntilAcknowledged(purchase.session.id);
  await expectState(stage, purchase, grantedOnce);
  return purchase;
}

const twiceMatters = 'You give away what you sell: two licence keys, two months, two parcels, for one payment.';
const oneTransaction =
  'Decide once per order, in one database transaction that fails when the order is granted already (a unique key on the order, or a row lock). A check before the write is not enough.';

/** An app may grant by any of them. */
const SAY_PAID = new Set([
  'checkout.session.completed',
  'checkout.session.async_payment_succeeded',
  'payment_intent.succeeded',
  'charge.succeeded',
]);

export const webhookScenarios: readonly Scenario[] = [
  {
    name: 'webhook-once',
    promise: 'A paid order gives access once, and its webhooks are acknowledged',
    matters: 'Without it nobody gets what was paid for, or everybody gets it twice; and Stripe disables an endpoint that does not answer.',
    remedy:
      'Handle checkout.session.completed, look the order up by what you put into the session, grant it once, and answer 200 to every event, also to types that you do not use.',
    play: async (stage) => void (await boughtOnce(stage)),
  },
  {
    name: 'webhook-five-times',
    promise: 'The same webhook five times at once gives access once',
    matters: twiceMatters,
    remedy: `Stripe promises "at least once", not "once". ${oneTransaction}`,
    play: async (stage) => {
      const purchase = await stage.order();
      stage.pay(purchase, { fate: 'doubled' });
      await stage.deliverUntilAcknowledged(purchase.session.id);
      await expectState(stage, purchase, grantedOnce);
    },
  },
  {
    name: 'webhook-sent-again',
    promise: 'A webhook that is sent again after it was handled changes nothing',
    matters: twiceMatters,
    remedy:
      'Stripe sends again whenever your answer got lost, and support does by a button. Ask your own order whether it is granted, not your memory of the event.',
    play: async (stage) => {
      const purchase = await boughtOnce(stage);
      await stage.sendAgain(purchase.session.id);
      await stage.sendAgain(purchase.session.id);
      await expectState(stage, purchase, grantedOnce);
    },
  },
  {
    name: 'two-events-for-one-payment',
    promise: 'Two events with different ids about one payment give access once',
    matters: twiceMatters,
    remedy:
      'A list of event ids that you have seen does not help here: Stripe may tell one payment in two events. Remember the payment (session or payment intent), not the event.',
    play: async (stage) => {
      const purchase = await boughtOnce(stage);
      const events = (await stage.eventsOf(purchase.session.id)).filter(({ type }) => SAY_PAID.has(type) && stage.hears(type));
      stage.did(`Stripe reports the same payment a second time, by ${events.map(({ type }) => type).join(', ')} with other ids.`);
      for (const event of events.toReversed()) {
        const body = JSON.stringify({ ...event, id: `${event.id}_twin` });
        await stage.post(body, stage.sign(body));
      }
      await expectState(stage, purchase, grantedOnce);
    },
  },
  {
    name: 'webhooks-newest-first',
    promise: 'Webhooks that come newest first give access once',
    matters: 'The customer paid and is kept out, because an older event came last and undid what a newer one had said.',
    remedy:
      'Stripe does not promise an order. Let no event set a state backwards: paid stays paid until a refund or a dispute says otherwise.',
    play: async (stage) => {
      const purchase = await stage.order();
      stage.pay(purchase, { fate: 'reordered' });
      await stage.deliverUntilAcknowledged(purchase.session.id);
      await expectState(stage, purchase, grantedOnce);
    },
  },
  {
    name: 'success-page-reloaded',
    promise: 'A customer who reloads the success page while the webhook arrives gets access once',
    matters: twiceMatters,
    remedy: `If the success page may grant, it must go through the same door as the webhook. ${oneTransaction}`,
    skip: withoutSuccessPage,
    play: async (stage) => {
      const purchase = await stage.order();
      stage.pay(purchase);
      await concurrently(
        () => stage.deliver(),
        () => stage.visit(purchase),
        () => stage.visit(purchase),
      );
      await stage.deliverUntilAcknowledged(purchase.session.id);
      await stage.visit(purchase);
      await expectState(stage, purchase, grantedOnce);
    },
  },
];
