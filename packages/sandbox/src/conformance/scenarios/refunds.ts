// Refunds: in full, in part, failed later, or before the app knew of the payment.
import { ended, expectState, grantedOnce, type Wanted } from '../expectations.ts';
import { foreignSession, termsOf } from '../foreign-session.ts';
import type { Scenario } from '../scenario.ts';
import { undecided, whereRefundsKeep } from '../skips.ts';
import type { Stage } from '../stage.ts';
import { boughtOnce } from './webhooks.ts';

const sumRemedy =
  'charge.refunded is a hint, not a result: list the refunds of the payment, and count those with status "succeeded" against what was paid.';

export const refundScenarios: readonly Scenario[] = [
  {
    name: 'refund-in-full',
    promise: 'A refund of everything does with the access what the shop has decided',
    matters: 'Customers ask for their money back and keep what they bought.',
    remedy: `Listen to charge.refunded and refund.updated. ${sumRemedy} If a refund is to end nothing, say policy: { fullRefund: 'keeps' }.`,
    play: async (stage) => {
      const purchase = await boughtOnce(stage);
      await refund(stage, purchase.session.id);
      await expectState(stage, purchase, afterFullRefund(stage));
    },
  },
  {
    name: 'refund-in-part',
    promise: 'A refund of a part does with the access what the shop has decided',
    matters: 'A customer who got a small sum back, for a late parcel, loses what they still pay for; or the reverse.',
    remedy: sumRemedy,
    skip: undecided('partialRefund'),
    play: async (stage) => {
      const purchase = await boughtOnce(stage);
      await refund(stage, purchase.session.id, Math.ceil((purchase.session.amount_total ?? 0) / 3));
      await expectState(stage, purchase, stage.settings.policy.partialRefund === 'ends' ? ended : grantedOnce);
    },
  },
  {
    name: 'refund-fails',
    promise: 'A refund that fails leaves the customer with access',
    matters: 'The money never went back, and the customer has lost what they paid for.',
    remedy: `A refund can be pending for days and fail then, and even fail after it succeeded. ${sumRemedy} Look again at refund.updated and refund.failed.`,
    play: async (stage) => {
      const purchase = await boughtOnce(stage);
      const { id } = stage.sandbox.refund(purchase.session.id, { status: 'pending' });
      stage.did('The shop refunds everything; the refund is pending.');
      await stage.deliverUntilAcknowledged(purchase.session.id);
      stage.sandbox.endRefund(id, 'failed');
      stage.did("Days later the refund fails: the customer's bank has sent it back.");
      await stage.deliverUntilAcknowledged(purchase.session.id);
      await expectState(stage, purchase, { ...grantedOnce, times: [1, 2], description: 'the customer has access' });
    },
  },
  {
    name: 'refund-before-payment',
    promise: 'A refund that is reported before its payment leaves no access behind',
    matters: 'The customer has the money back, and gets the goods when the older webhook comes at last.',
    remedy:
      'A refund of a payment that you do not know yet must not be forgotten. Keep it, or ask Stripe for refunds when the payment comes.',
    skip: whereRefundsKeep,
    play: async (stage) => {
      const purchase = await stage.order();
      stage.pay(purchase, { fate: 'lost' });
      stage.sandbox.refund(purchase.session.id);
      stage.did('The shop refunds everything.');
      await stage.deliver();
      await stage.sendAgain(purchase.session.id, { withRefunds: false });
      await stage.deliverUntilAcknowledged(purchase.session.id);
      await expectState(stage, purchase, ended);
    },
  },
  {
    name: 'replay-after-refund',
    promise: 'The old "paid" webhook, sent again after a refund, changes nothing',
    matters: 'One click on "resend" gives a refunded customer back what was taken away.',
    remedy:
      'Do not copy "paid" from an event into the order. Decide by all that is known of the payment: it was paid, and it was refunded.',
    play: async (stage) => {
      const purchase = await boughtOnce(stage);
      await refund(stage, purchase.session.id);
      await expectState(stage, purchase, afterFullRefund(stage));
      await stage.sendAgain(purchase.session.id, { withRefunds: false });
      await expectState(stage, purchase, afterFullRefund(stage));
    },
  },
  {
    name: 'paid-twice-refunded-once',
    promise: 'An order that was paid twice keeps its access when one of the payments is refunded',
    matters: 'You give a customer back what they paid too much, and lock them out for it.',
    remedy: 'Keep payments apart by their payment intent. A refund undoes its own payment; the order ends when none is left.',
    play: async (stage) => {
      const purchase = await boughtOnce(stage);
      const second = await foreignSession(stage, await termsOf(stage, purchase));
      stage.sandbox.pay(second);
      stage.did('The customer pays the same order once more, on a second session with the same metadata.');
      await stage.deliverUntilAcknowledged(second);
      await refund(stage, second);
      await expectState(stage, purchase, grantedOnce);
    },
  },
  {
    name: 'dispute-lost',
    promise: 'A lost dispute does with the access what the shop has decided',
    matters: 'The bank takes back the money and charges you a fee, and the customer keeps what they bought.',
    remedy: 'Listen to charge.dispute.closed, and look at the status: "lost" is a payment undone, "won" is not.',
    skip: undecided('lostDispute'),
    play: async (stage) => {
      const purchase = await boughtOnce(stage);
      const { id } = stage.sandbox.dispute(purchase.session.id);
      stage.did("The customer's bank disputes the payment.");
      await stage.deliverUntilAcknowledged(purchase.session.id);
      stage.sandbox.updateDispute(id, 'lost');
      stage.did('Weeks later the dispute is lost.');
      await stage.deliverUntilAcknowledged(purchase.session.id);
      await expectState(stage, purchase, stage.settings.policy.lostDispute === 'ends' ? ended : { ...grantedOnce, times: [1, 2] });
    },
  },
];

async function refund(stage: Stage, sessionId: string, amountMinor?: number): Promise<void> {
  stage.sandbox.refund(sessionId, amountMinor === undefined ? {} : { amountMinor });
  stage.did(`The shop refunds ${amountMinor === undefined ? 'everything' : `${amountMinor} (minor unit)`} of session ${sessionId}.`);
  await stage.deliverUntilAcknowledged(sessionId);
}

function afterFullRefund({ settings }: Stage): Wanted {
  return settings.policy.fullRefund === 'keeps' ? grantedOnce : ended;
}
